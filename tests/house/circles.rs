//! No circles: of the modules in one folder none needs another one that needs it.
//!
//! A folder's own `mod.rs` is one of them. What it re-exports it does not need; who asks it for that needs the module
//! where it is.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{Named, named_in};
use super::sources::{Source, sources};

/// Folders in which there are circles still. None may be added.
const NOT_YET: &[&str] = &[];

/// What a folder's own file is called among its modules.
const ITSELF: &str = "mod.rs";

type Way = Vec<String>;

/// All modules, with what each names.
struct House(BTreeMap<Way, Vec<Named>>);

impl House {
    fn of(sources: &[Source]) -> Self {
        let own = sources.iter().filter(|source| !source.is_test() && source.module != ["main"]);
        Self(own.map(|source| (source.module.clone(), named_in(source.without_tests()))).collect())
    }

    /// The way from the root that a path means which stands in this module; `None` where it leads out of the library.
    fn absolute(&self, module: &Way, path: &[String]) -> Option<Way> {
        let (first, rest) = path.split_first()?;
        let below = |way: &[String], rest: &[String]| Some([way, rest].concat());
        match first.as_str() {
            "crate" => below(&[], rest),
            "self" => below(module, rest),
            "super" => {
                let up = path.iter().take_while(|word| *word == "super").count();
                below(&module[..module.len().checked_sub(up)?], &path[up..])
            }
            _ => self.0.contains_key(&below(module, std::slice::from_ref(first))?).then(|| [module, path].concat()),
        }
    }

    /// The module in which what a way leads to is, beyond re-exports.
    fn home(&self, way: &Way, steps: usize) -> Option<Way> {
        let depth = (0..=way.len()).rev().find(|depth| self.0.contains_key(&way[..*depth]))?;
        let (module, rest) = (way[..depth].to_vec(), &way[depth..]);
        let Some((name, rest)) = rest.split_first().filter(|_| steps < 8) else { return Some(module) };
        let import = self.0[&module].iter().find(|named| named.import.as_ref() == Some(name));
        let target = import.and_then(|import| self.absolute(&module, &import.path)).filter(|target| target != way);
        match target {
            Some(target) => self.home(&[target.as_slice(), rest].concat(), steps + 1),
            None => Some(module),
        }
    }

    /// Which module of a folder needs which other one in it.
    fn needs_within(&self, folder: &[String]) -> BTreeMap<&str, BTreeSet<String>> {
        let mut needs: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let in_folder = |way: &Way| way.strip_prefix(folder).map(|rest| rest.first().cloned());
        for (module, named) in self.0.iter().filter(|(module, _)| module.starts_with(folder)) {
            let name = module.get(folder.len()).map_or(ITSELF, String::as_str);
            let others = named.iter().filter(|named| !named.is_reexport).filter_map(|named| {
                let home = self.home(&self.absolute(module, &named.path)?, 0)?;
                Some(in_folder(&home)?.unwrap_or_else(|| ITSELF.to_owned()))
            });
            needs.entry(name).or_default().extend(others.filter(|other| other != name));
        }
        needs
    }

    fn folders(&self) -> BTreeSet<&[String]> {
        self.0.keys().flat_map(|module| (0..module.len()).map(|depth| &module[..depth])).collect()
    }
}

/// All that a module needs, and what that needs, and so on.
fn reach<'a>(needs: &'a BTreeMap<&str, BTreeSet<String>>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = needs[from].iter().map(String::as_str).collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(needs.get(next).into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

/// The modules of a folder that need themselves by way of others.
fn in_circles<'a>(needs: &BTreeMap<&'a str, BTreeSet<String>>) -> Vec<&'a str> {
    needs.keys().filter(|name| reach(needs, name).contains(**name)).copied().collect()
}

#[test]
fn no_module_needs_one_that_needs_it() {
    let house = House::of(&sources());
    let mut wrong = Vec::new();
    for folder in house.folders() {
        let (name, needs) = (folder.join("/"), house.needs_within(folder));
        let round = in_circles(&needs);
        match (round.is_empty(), NOT_YET.contains(&name.as_str())) {
            (false, false) => wrong.push(format!("in src/{name} these need each other: {}", round.join(", "))),
            (true, true) => wrong.push(format!("src/{name} has no circle any more: take it off the list in this test")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_circle_is_seen_through_reexports_and_grandchildren() {
    let source = |module: &[&str], text: &str| Source {
        module: module.iter().map(|name| (*name).to_owned()).collect(),
        path: std::path::PathBuf::new(),
        text: text.to_owned(),
    };
    let needs = |texts: [&str; 3]| {
        let [top, one, two] = texts;
        let house = House::of(&[source(&["a"], top), source(&["a", "one"], one), source(&["a", "two", "deep"], two)]);
        in_circles(&house.needs_within(&["a".to_owned()])).join(" ")
    };
    assert_eq!(needs(["pub use self::one::One;", "", "use crate::a::One;"]), "", "a re-export is no need");
    assert_eq!(needs(["pub use one::One;", "use super::two::deep::f;", "use crate::a::One;"]), "one two");
    assert_eq!(needs(["fn f() { one::g() }", "use super::f;", ""]), "mod.rs one");
    assert_eq!(needs(["", "use super::{two::{self, deep}};", "fn f() { super::super::one::g() }"]), "one two");
    assert_eq!(needs(["", "use super::two;\n#[cfg(test)]\nmod tests {}", "#[cfg(test)]"]), "");
}
