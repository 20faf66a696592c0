//! The modules of the client merged into its parts, one file each: a browser asks for six files at a time, and on a
//! slow line a hundred small ones cost a hundred sixths of a round trip. swc merges them and leaves out comments and
//! spaces; here is said which module is in which part, and what the parts give to each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use swc_core::bundler::{Bundler, Config, Hook, Load, ModuleData, ModuleRecord, ModuleType};
use swc_core::common::sync::Lrc;
use swc_core::common::{FileName, GLOBALS, Globals, SourceFile, SourceMap, Span};
use swc_core::ecma::ast::{
    EsVersion, ImportDecl, ImportSpecifier, KeyValueProp, Module, ModuleDecl, ModuleExportName, ModuleItem, Str,
};
use swc_core::ecma::codegen::{self, Emitter, text_writer::JsWriter};
use swc_core::ecma::loader::resolve::{Resolution, Resolve};
use swc_core::ecma::parser::{Syntax, parse_file_as_module};

use crate::Files;

/// The module that each part begins with, in the order in which they come. A part holds what its module imports, and
/// what that imports, where no part before it does; so none takes anything of a later one.
const PARTS: [&str; 3] = ["main.js", "room.js", "later.js"];

/// The client with a file for each part in the place of all modules.
pub(crate) fn merged(mut files: Files) -> Files {
    let is_module = |path: &String| path.ends_with(".js") && path != "service-worker.js";
    let modules: Files = files.extract_if(.., |path, _| is_module(path)).collect();
    let client = Client::new(modules.into_iter().map(|(path, text)| (path, String::from_utf8(text).expect("text"))));
    files.extend(PARTS.map(|part| (part.to_owned(), client.part(part))));
    files
}

/// All modules, and which part each of them is in. What no part reaches holds types alone.
struct Client {
    sources: Lrc<SourceMap>,
    texts: BTreeMap<String, String>,
    part_of: BTreeMap<String, &'static str>,
}

impl Client {
    fn new(modules: impl Iterator<Item = (String, String)>) -> Self {
        let mut client = Self { sources: Lrc::default(), texts: modules.collect(), part_of: BTreeMap::new() };
        for part in PARTS {
            let mut waiting = vec![part.to_owned()];
            while let Some(path) = waiting.pop() {
                if client.part_of.contains_key(&path) {
                    continue;
                }
                let (_, module) = client.parse(&path);
                waiting.extend(named_in(&module).map(|module| below(&path, &module)));
                client.part_of.insert(path, part);
            }
        }
        client.give();
        client
    }

    /// Has each part export what others take from the modules in it, under the names that it has in all of them.
    fn give(&mut self) {
        let mut taken = BTreeMap::<String, BTreeSet<String>>::new();
        for (path, part) in &self.part_of {
            let (_, mut module) = self.parse(path);
            for import in imports(&mut module) {
                let from = below(path, &import.src.value.to_string_lossy());
                if self.part_of[&from] != *part {
                    taken.entry(from).or_default().extend(import.specifiers.iter().map(name));
                }
            }
        }
        for (path, names) in taken {
            let names: Vec<String> = names.into_iter().collect();
            let export = format!("export {{ {} }} from './{path}';\n", names.join(", "));
            self.texts.get_mut(self.part_of[&path]).expect("a module begins it").push_str(&export);
        }
    }

    fn parse(&self, path: &str) -> (Lrc<SourceFile>, Module) {
        let text = self.texts.get(path).unwrap_or_else(|| panic!("there is no module {path}"));
        let file = self.sources.new_source_file(named(path).into(), text.clone());
        let module = parse_file_as_module(&file, Syntax::default(), EsVersion::latest(), None, &mut Vec::new());
        (file, module.unwrap_or_else(|error| panic!("{path}: {:?}", error.kind())))
    }

    /// The file of a part. Other parts are imported by the name of their own first module, which the import map knows.
    fn part(&self, part: &'static str) -> Vec<u8> {
        let globals = Globals::new();
        let config = Config {
            require: false,
            // Merged, and nothing else: what optimising would save is a fiftieth.
            disable_inliner: true,
            disable_dce: true,
            disable_hygiene: false,
            disable_fixer: false,
            external_modules: PARTS.map(|other| format!("./{other}").into()).into(),
            module: ModuleType::Es,
        };
        let taking = Taking { client: self, part };
        let mut bundler = Bundler::new(&globals, self.sources.clone(), &taking, &taking, config, Box::new(NoMeta));
        let bundles = bundler.bundle(HashMap::from([(part.to_owned(), named(part))]));
        let bundle = bundles.expect("its modules fit").pop().expect("one for the one part");
        let mut text = Vec::new();
        let writer = JsWriter::new(self.sources.clone(), "\n", &mut text, None);
        let mut emitter = Emitter {
            cfg: codegen::Config::default().with_minify(true),
            cm: self.sources.clone(),
            comments: None,
            wr: Box::new(writer),
        };
        GLOBALS.set(&globals, || emitter.emit_module(&bundle.module)).expect("memory takes it");
        drop(emitter);
        text
    }
}

/// What swc asks for while it merges one part.
struct Taking<'a> {
    client: &'a Client,
    part: &'static str,
}

impl Load for Taking<'_> {
    fn load(&self, file: &FileName) -> Result<ModuleData, anyhow::Error> {
        let path = file.to_string();
        let (fm, mut module) = self.client.parse(&path);
        let part = |specifier: &Str| self.client.part_of[&below(&path, &specifier.value.to_string_lossy())];
        for import in imports(&mut module) {
            let of = part(&import.src);
            // Modules of this part by their path from the root: swc tells other parts by what is written here.
            let own = || format!("/{}", below(&path, &import.src.value.to_string_lossy()));
            *import.src = if of == self.part { own() } else { format!("./{of}") }.into();
        }
        let passed_on = exports(&module).all(|specifier| part(specifier) == self.part);
        assert!(passed_on, "{path} exports what is in another part: swc knows that of what was imported alone");
        Ok(ModuleData { fm, module, helpers: Default::default() })
    }
}

impl Resolve for Taking<'_> {
    fn resolve(&self, base: &FileName, specifier: &str) -> Result<Resolution, anyhow::Error> {
        let path = specifier.strip_prefix('/').map_or_else(|| below(&base.to_string(), specifier), str::to_owned);
        Ok(Resolution { filename: named(&path), slug: None })
    }
}

struct NoMeta;

impl Hook for NoMeta {
    fn get_import_meta_props(&self, _: Span, _: &ModuleRecord) -> Result<Vec<KeyValueProp>, anyhow::Error> {
        Ok(Vec::new())
    }
}

fn named(path: &str) -> FileName {
    FileName::Custom(path.to_owned())
}

/// The path that `specifier` means in the module at `base`.
fn below(base: &str, specifier: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn imports(module: &mut Module) -> impl Iterator<Item = &mut ImportDecl> {
    module.body.iter_mut().filter_map(|item| match item {
        ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => Some(import),
        _ => None,
    })
}

/// What is exported out of other modules: `export { Chat } from './state/chat.js'`.
fn exports(module: &Module) -> impl Iterator<Item = &Str> {
    module.body.iter().filter_map(|item| match item {
        ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) => export.src.as_deref(),
        _ => None,
    })
}

/// All modules that a module names.
fn named_in(module: &Module) -> impl Iterator<Item = String> {
    let imported = module.body.iter().filter_map(|item| match item {
        ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => Some(&*import.src),
        _ => None,
    });
    imported.chain(exports(module)).map(|specifier| specifier.value.to_string_lossy().into_owned())
}

/// What an import takes, by its name in the module that has it.
fn name(specifier: &ImportSpecifier) -> String {
    let ImportSpecifier::Named(named) = specifier else { panic!("the client imports by names") };
    match &named.imported {
        Some(ModuleExportName::Ident(name)) => name.sym.to_string(),
        _ => named.local.sym.to_string(),
    }
}
