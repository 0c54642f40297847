//! Golden bytes: the encoding of every wire type and variant, in `golden.txt`.
//!
//! A line changes only together with [`cairn_proto::WIRE_VERSION`], because other versions and
//! stored logs depend on these bytes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod samples;
mod traits;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cairn_proto::invite::{InviteLink, ServerAddr};
use cairn_proto::secret::{InviteToken, Pin};
use cairn_proto::wire::close::CloseCode;
use data_encoding::HEXLOWER;

use samples::Samples;

/// Serialized as JSON only.
const NOT_ON_THE_WIRE: &[&str] = &["Kind"];

/// Type aliases, answers of several requests, and an id; each has samples under other names.
const ALIASED: &[&str] = &["Picture", "List", "Page", "VisitorId"];

/// Parses `name = value` lines, without empty lines and comments.
fn golden() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("golden.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut golden = BTreeMap::new();
    for line in lines {
        let (name, value) = line
            .split_once(" = ")
            .unwrap_or_else(|| panic!("golden.txt: not `name = value`: {line}"));
        assert_eq!(
            golden.insert(name, value),
            None,
            "golden.txt: {name} occurs twice"
        );
    }
    golden
}

fn invite_links() -> Vec<(String, InviteLink)> {
    let link = |host| InviteLink {
        addr: ServerAddr::new(host, 7766),
        pin: Pin::new([0xfb; 32]),
        token: InviteToken::new([0x0f; 16]),
    };
    let hosts = [
        ("name", "chat.example.org"),
        ("IPv4", "192.0.2.7"),
        ("IPv6", "2001:db8::7"),
    ];
    hosts
        .into_iter()
        .map(|(kind, host)| (format!("InviteLink/{kind}"), link(host)))
        .collect()
}

/// The values and bytes of this build.
fn written() -> BTreeMap<String, String> {
    let bytes = Samples::all()
        .list
        .into_iter()
        .map(|sample| (sample.name, HEXLOWER.encode(&sample.bytes)));
    let links = invite_links()
        .into_iter()
        .map(|(name, link)| (name, link.to_string()));
    let codes = CloseCode::ALL
        .iter()
        .map(|code| (format!("CloseCode::{code:?}"), code.number().to_string()));
    bytes.chain(links).chain(codes).collect()
}

#[test]
fn every_value_has_its_golden_bytes() {
    let (golden, written) = (golden(), written());
    let mut faults = String::new();
    for (name, got) in &written {
        match golden.get(name.as_str()) {
            Some(expected) if expected == got => {}
            Some(expected) => {
                faults += &format!("\n{name}\n  expected {expected}\n  got      {got}")
            }
            None => {
                faults +=
                    &format!("\nmissing from golden.txt: a new variant goes in as\n{name} = {got}")
            }
        }
    }
    for name in golden.keys().filter(|name| !written.contains_key(**name)) {
        faults += &format!("\n{name} stands in golden.txt but nothing writes it any more");
    }
    assert!(faults.is_empty(), "the wire format changed:{faults}");
}

#[test]
fn golden_bytes_decode_to_their_value() {
    let golden = golden();
    for sample in Samples::all().list {
        let bytes = HEXLOWER
            .decode(golden[sample.name.as_str()].as_bytes())
            .unwrap();
        assert_eq!(
            (sample.read)(&bytes),
            Ok(true),
            "{} is read back as another value",
            sample.name
        );
    }
    for (name, link) in invite_links() {
        assert_eq!(golden[name.as_str()].parse(), Ok(link), "{name}");
    }
    for &code in CloseCode::ALL {
        let number = golden[format!("CloseCode::{code:?}").as_str()]
            .parse()
            .unwrap();
        assert_eq!(CloseCode::from_number(number), code);
    }
}

#[test]
fn every_variant_has_a_sample() {
    let samples = Samples::all();
    let missing: Vec<&String> = samples
        .required
        .iter()
        .filter(|name| !samples.seen.contains_key(*name))
        .collect();
    assert!(missing.is_empty(), "no sample in samples/ for {missing:?}");
}

#[test]
fn every_serialized_type_is_named() {
    let required = Samples::all().required;
    // The fields of a request are those of the struct of its kind.
    let named: BTreeSet<&str> = required
        .iter()
        .filter_map(|name| {
            name.strip_prefix("Request::")
                .or_else(|| name.split("::").next())
        })
        .chain(["Request"])
        .collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = 0;
    for path in source_files(&source) {
        for name in serialized_types(&std::fs::read_to_string(&path).unwrap()) {
            found += 1;
            let known = [NOT_ON_THE_WIRE, ALIASED].concat().contains(&name.as_str())
                || named.contains(name.as_str());
            assert!(
                known,
                "{name} of {} is serialized: name it in samples/named.rs and give it samples",
                path.display()
            );
        }
    }
    assert!(
        found > 20,
        "the search for serialized types finds only {found}"
    );
}

/// All `.rs` files of a folder, recursively.
fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The types that derive `Serialize` in a source file, except for newtypes from macros, which only
/// occur inside other types.
fn serialized_types(source: &str) -> Vec<String> {
    let product = source.split("#[cfg(test)]").next().unwrap_or(source);
    let mut types = Vec::new();
    let mut serialized = false;
    for line in product.lines().map(str::trim) {
        if let Some(derives) = line.strip_prefix("#[derive(") {
            serialized = derives.contains("Serialize");
        }
        if let Some(rest) = line
            .strip_prefix("pub enum ")
            .or_else(|| line.strip_prefix("pub struct "))
        {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            if std::mem::take(&mut serialized) && !name.is_empty() {
                types.push(name);
            }
        }
    }
    types
}

#[test]
fn serialized_types_are_found() {
    let source = "#[derive(Debug, Serialize)]\n#[serde(x)]\npub enum A {}\n\
                  #[derive(Debug)]\npub struct B;\n\
                  #[derive(Deserialize, Serialize)]\npub struct C(u8);\npub struct D;\n\
                  #[cfg(test)]\n#[derive(Serialize)]\npub struct E;";
    assert_eq!(serialized_types(source), ["A", "C"]);
}
