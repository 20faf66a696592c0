//! Reads out of Rust what it names: the paths of `use`, and those that stand in the code.

/// A path that stands in a source.
#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    /// Its words: `["super", "rooms", "RoomPath"]`.
    pub path: Vec<String>,
    /// The name that it has in the module from then on; `None` where it is no import.
    pub import: Option<String>,
    /// It is an import for others.
    pub is_reexport: bool,
}

/// All paths in a text.
pub(crate) fn named_in(text: &str) -> Vec<Named> {
    let words = words(text);
    let mut named = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if words[at] == "use" {
            let is_reexport = at > 0 && (words[at - 1] == "pub" || words[at - 1] == ")");
            at = read_use(&words, at + 1, &[], is_reexport, &mut named);
        } else if is_name(&words[at]) && words.get(at + 1).is_some_and(|next| next == "::") {
            let path = path_at(&words, at);
            at += 2 * path.len() - 1;
            named.push(Named { path, import: None, is_reexport: false });
        } else {
            at += 1;
        }
    }
    named
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// `a::b::c` from here on.
fn path_at(words: &[String], mut at: usize) -> Vec<String> {
    let mut path = vec![words[at].clone()];
    while words.get(at + 1).is_some_and(|next| next == "::") && words.get(at + 2).is_some_and(|next| is_name(next)) {
        at += 2;
        path.push(words[at].clone());
    }
    path
}

/// Reads a tree of imports, and answers with the place behind it.
fn read_use(words: &[String], mut at: usize, above: &[String], is_reexport: bool, named: &mut Vec<Named>) -> usize {
    let mut path = above.to_vec();
    loop {
        match words.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while words.get(at).is_some_and(|word| word != "}") {
                    at = read_use(words, at, &path, is_reexport, named);
                    at += usize::from(words.get(at).is_some_and(|word| word == ","));
                }
                return at + 1;
            }
            Some("::") => at += 1,
            Some("as") => {
                let import = words.get(at + 1).cloned();
                named.push(Named { path, import, is_reexport });
                return at + 2;
            }
            Some(word) if is_name(word) => {
                // `{self}` means what is before the brace.
                if word != "self" || path.is_empty() {
                    path.push(word.to_owned());
                }
                at += 1;
            }
            Some("*") => at += 1,
            _ => {
                let import = path.last().cloned();
                named.push(Named { path, import, is_reexport });
                return at;
            }
        }
    }
}

/// Names, `::`, and every other sign by itself; without comments and what stands in quotation marks.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            string_length(rest)
        } else if first == '\'' {
            character_length(rest)
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            words.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            words.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                words.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    words
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// `'a'` and `'\n'` are characters, `'a` alone is a lifetime.
fn character_length(text: &str) -> usize {
    let mut signs = text.char_indices().skip(1);
    let escaped = text[1..].starts_with('\\');
    let end = signs.nth(if escaped { 2 } else { 1 });
    match end {
        Some((at, '\'')) => at + 1,
        _ if escaped => text[2..].find('\'').map_or(1, |at| at + 3),
        _ => 1,
    }
}

#[test]
fn imports_and_paths_are_read_whatever_stands_between() {
    let text = r#"
        use crate::a::{self, b::{C, D as E}, F};
        pub(super) use self::g::H; // use not::this;
        fn x<'a>(quote: char) -> bool { quote == '"' || super::y::z("use not::that;") }
        impl Trait for i::J {}
    "#;
    let read: Vec<(String, Option<String>, bool)> =
        named_in(text).into_iter().map(|one| (one.path.join("::"), one.import, one.is_reexport)).collect();
    let expected = [
        ("crate::a", Some("a"), false),
        ("crate::a::b::C", Some("C"), false),
        ("crate::a::b::D", Some("E"), false),
        ("crate::a::F", Some("F"), false),
        ("self::g::H", Some("H"), true),
        ("super::y::z", None, false),
        ("i::J", None, false),
    ];
    assert_eq!(read, expected.map(|(path, import, out)| (path.to_owned(), import.map(str::to_owned), out)));
}
