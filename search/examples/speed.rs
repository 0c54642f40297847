//! Measures the matcher on one core: `cargo run --release -p cairn-search --example speed`.
//! Searches the lines of the named files, or else generated messages, half of them Chinese.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool for developers"
)]

use std::hint::black_box;
use std::time::Instant;

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{Entry, unpack_entry};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_search::{Facts, Matcher, Respeller, Scratch, parse};

const QUERIES: &[&str] = &[
    "the",
    "ubuntu",
    "zyzzyva",
    "versio*",
    "xorg.conf",
    "CI",
    "\"good morning\"",
    "上海",
    "骆",
    "社会主义",
    "ubuntu 上海",
    "zyzzyva OR 骆驼",
    "from:2 ubuntu",
    "from:2",
    "-ubuntu",
    "has:link",
    "++",
];

const MESSAGES: usize = 1_000_000;
const CONVERSATION: ConversationId = ConversationId::new(1);

/// Processor time where the system counts it, and otherwise wall time.
struct Clock {
    wall: Instant,
    processor: Option<f64>,
}

impl Clock {
    fn start() -> Self {
        Self {
            wall: Instant::now(),
            processor: processor_seconds(),
        }
    }

    fn seconds(&self) -> f64 {
        match (self.processor, processor_seconds()) {
            (Some(start), Some(end)) => end - start,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

fn processor_seconds() -> Option<f64> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = counted.split(' ').next()?.parse().ok()?;
    Some(nanos as f64 / 1e9)
}

fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let mut lines: Vec<String> = Vec::new();
    for path in &paths {
        lines.extend(
            std::fs::read_to_string(path)
                .unwrap()
                .lines()
                .map(str::to_owned),
        );
    }
    if paths.is_empty() {
        lines = generated();
    }
    lines.truncate(MESSAGES);
    let entries: Vec<Vec<u8>> = (0..)
        .zip(lines)
        .map(|(at, line)| packed(at, line))
        .collect();
    let bytes: usize = entries.iter().map(Vec::len).sum();
    let per_message = bytes / entries.len();
    println!("{} messages, {per_message} bytes each", entries.len());
    let now = "2026-11-28T12:00[UTC]".parse().unwrap();
    for text in QUERIES {
        let query = parse(text, &now).unwrap();
        let user = |name: &str| Ok::<_, ()>(UserId::new(name.parse().unwrap()));
        let query = query.resolve(user, |_| Err(())).unwrap();
        let matcher = Matcher::new(&query);
        let mut scratch = Scratch::default();
        let (mut candidates, mut hits) = (0, 0);
        let is_hit = |entry: &[u8], scratch: &mut Scratch| {
            let entry = unpack_entry(entry).unwrap();
            matcher.check(&facts(&entry), scratch).is_some()
        };
        let start = Clock::start();
        for entry in &entries {
            if matcher.may_match(CONVERSATION, black_box(entry)) {
                candidates += 1;
                hits += usize::from(is_hit(entry, &mut scratch));
            }
        }
        report(
            text,
            start,
            entries.len(),
            &format!("{candidates} decoded, {hits} hits"),
        );
    }
    respell(&entries);
}

fn respell(entries: &[Vec<u8>]) {
    let now = "2026-11-28T12:00[UTC]".parse().unwrap();
    let query = parse("ubutnu", &now)
        .unwrap()
        .resolve(|_| Err(()), |_| Err(()))
        .unwrap();
    let mut respeller = Respeller::new(&query).unwrap();
    let mut scratch = Scratch::default();
    let start = Clock::start();
    for entry in entries {
        if respeller.may_note(CONVERSATION, entry) {
            respeller.note(&facts(&unpack_entry(entry).unwrap()), &mut scratch);
        }
    }
    report(
        "respell ubutnu",
        start,
        entries.len(),
        &format!("{:?}", respeller.best()),
    );
}

fn report(what: &str, start: Clock, messages: usize, found: &str) {
    let seconds = start.seconds();
    let nanos = seconds * 1e9 / messages as f64;
    let millions = 1e3 / nanos;
    println!("{what:20} {millions:7.1} M messages/s {nanos:9.0} ns each  {found}");
}

fn facts(entry: &Entry) -> Facts<'_> {
    Facts {
        conversation: CONVERSATION,
        entry,
        is_pinned: false,
        is_unread: false,
    }
}

fn packed(at: u32, line: String) -> Vec<u8> {
    let mut packed = Vec::new();
    let entry = Entry {
        sender: UserId::new(1 + at % 40),
        sent_at: Timestamp::new(1_700_000_000_000 + 1_000 * u64::from(at)),
        body: Body::Text(line.parse().unwrap()),
        extras: Extras::NONE,
    };
    entry.pack(&mut packed);
    packed
}

/// Words and characters by Zipf's law, from a generator without a seed.
fn generated() -> Vec<String> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut zipf = move |kinds: f64| kinds.powf(random()) as u32 - 1;
    let word = |rank: u32| match rank {
        0 => "the".to_owned(),
        300 => "Ubuntu".to_owned(),
        900 => "xorg.conf".to_owned(),
        1_500 => "versions".to_owned(),
        rank => {
            let letters = (0..2 + rank % 5)
                .map(|at| b"etaoinshrdlucmfwypvbgk"[(rank as usize / 7 + at as usize * 5) % 22]);
            letters.map(char::from).collect()
        }
    };
    let message = |at: usize| {
        if at.is_multiple_of(2) {
            let words: Vec<String> = (0..10).map(|_| word(zipf(20_000.0))).collect();
            return words.join(" ") + ".";
        }
        let chars = (0..35).map(|place| match (place % 12, zipf(6_000.0)) {
            (11, 0..6) => '，',
            (11, _) => '。',
            (_, 250) => '上',
            (_, 251) => '海',
            (_, rank) => char::from_u32(0x4e00 + rank * 3).unwrap(),
        });
        chars.collect()
    };
    (0..MESSAGES).map(message).collect()
}
