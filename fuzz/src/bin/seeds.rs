//! Writes the first inputs of each target: `seeds DIR` creates `DIR/<target>/`.

use std::fs;
use std::path::Path;

use cairn_store::testing::damaged;

fn main() {
    let dir = std::env::args().nth(1).expect("seeds DIR");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| fs::read_to_string(root.join(path)).expect(path);
    // Values of every type, in hexadecimal.
    let golden = read("proto/tests/golden.txt");
    let values: Vec<Vec<u8>> = golden.lines().filter_map(value).collect();
    let framed = values.iter().map(|value| {
        let length = (value.len() as u32).to_le_bytes();
        [&[7][..], &length, value].concat()
    });
    let kinds = (0..6_u8).flat_map(|kind| {
        let of_kind = values.iter();
        of_kind.map(move |value| [&[kind], value.as_slice()].concat())
    });
    let strings = |path: &str| texts(&read(path));
    let links = golden.lines().filter_map(|line| {
        let (_, link) = line.split_once(" = ")?;
        link.starts_with("cairn:").then(|| link.as_bytes().to_vec())
    });
    let irc = read("src/cli/import/format/tests.rs");
    let irc = texts(&irc)
        .into_iter()
        .map(|line| [&[0][..], &line].concat());
    let all: [(&str, Vec<Vec<u8>>); 11] = [
        (
            "blocks",
            damaged::row_seeds().into_iter().filter_map(block).collect(),
        ),
        ("frames", framed.collect()),
        ("hello", values.clone()),
        ("irc", irc.collect()),
        ("links", links.collect()),
        ("log", damaged::log_seeds()),
        ("markup", strings("text/vectors.json")),
        ("queries", strings("search/vectors.json")),
        ("requests", values.clone()),
        ("rows", damaged::row_seeds()),
        ("server_frames", kinds.collect()),
    ];
    for (target, seeds) in all {
        let folder = Path::new(&dir).join(target);
        fs::create_dir_all(&folder).expect("the folder can be created");
        for (number, seed) in seeds.iter().enumerate() {
            let path = folder.join(format!("seed-{number:05}"));
            fs::write(path, seed).expect("a seed can be written");
        }
    }
}

/// The bytes of a line of golden values.
fn value(line: &str) -> Option<Vec<u8>> {
    let (_, hex) = line.split_once(" = ")?;
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// The value of a block, of a seed of rows.
fn block(row: Vec<u8>) -> Option<Vec<u8>> {
    let (&[0, _, key], rest) = row.split_first_chunk::<3>()? else {
        return None;
    };
    rest.get(usize::from(key) + 2..).map(<[u8]>::to_vec)
}

/// What stands between quotes in a file.
fn texts(file: &str) -> Vec<Vec<u8>> {
    let parts = file.split('"').skip(1).step_by(2);
    let texts = parts.filter(|part| part.len() > 2);
    texts
        .map(|part| part.replace("\\n", "\n").into_bytes())
        .collect()
}
