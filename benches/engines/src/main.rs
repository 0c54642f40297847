//! `cairn bench engine` with other storage engines in the race. README.md documents how each makes
//! a batch durable.

mod fjall;
mod lmdb;
mod redb;
#[cfg(feature = "rocksdb")]
mod rocksdb;
mod sqlite;

use std::process::ExitCode;

use cairn_bench::Contender;

fn main() -> ExitCode {
    cairn::cli::race(contenders())
}

fn contenders() -> Vec<Contender> {
    vec![
        fjall::contender(),
        redb::contender(),
        lmdb::contender(),
        sqlite::contender(),
        #[cfg(feature = "rocksdb")]
        rocksdb::contender(),
    ]
}

#[cfg(test)]
mod tests;
