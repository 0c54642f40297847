//! The load generator of `benches/peers`, compiled so that the client is not the bottleneck, and
//! the latency floor of a disk.

mod error;
mod floor;
mod latency;
mod load;
mod resp;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde::Serialize;

use error::LoadError;

/// Puts load on a peer, or measures the disk, and prints one JSON object
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds entries to the streams of a Redis server: XADD, pipelined
    Redis(load::Settings),
    /// Repeats durable writes of 4 KiB (fdatasync): the lower bound for any durable store
    Floor(floor::Settings),
}

fn main() -> ExitCode {
    let told = match Cli::parse().command {
        Command::Redis(settings) => load::run(&settings).and_then(|found| tell(&found)),
        Command::Floor(settings) => floor::run(&settings).and_then(|found| tell(&found)),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tell(found: &impl Serialize) -> Result<(), LoadError> {
    println!("{}", serde_json::to_string(found)?);
    Ok(())
}
