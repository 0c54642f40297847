//! The commit path without a network: durable messages a second, beside a raw append + fdatasync file and plain sled.
//!
//! `cargo bench --bench engine` runs the comparison; `cargo bench --bench engine -- long 20000000` stores so many messages in a row,
//! with checkpoints going on; `-- members` sends into groups of 10, 1,000 and 100,000 members.
//!
//! All engines store the same messages: 200 bytes of text in one of 1,000 conversations, the busiest first (zipf, s = 1), one durable
//! commit for each batch. cairn's go through the state machine: membership, deduplication, encoding, tails.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program for people who measure, not for users"
)]

mod compare;
mod load;
mod long;
mod members;
mod system;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    match args.first().map(String::as_str) {
        Some("long") => long::run(args.get(1).map_or(20_000_000, |n| n.parse().unwrap())),
        Some("members") => members::run(),
        _ => compare::run(),
    }
}
