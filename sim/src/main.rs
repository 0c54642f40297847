//! `cargo run --release -p cairn-sim -- --seeds N`: runs seeds, and explains the first that fails.

#![allow(clippy::print_stdout, reason = "the report")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cairn_sim::tally::Tally;
use cairn_sim::{Report, explain, simulate, trace};
use clap::Parser;

/// Runs the real server and SDK on one thread, from seeds, on a machine that fails.
#[derive(Debug, Parser)]
struct Args {
    /// How many seeds to run.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Prints what happens in the first seed, and its hash, instead of running the others.
    #[arg(long)]
    trace: bool,
    /// Ends with the first seed that fails, and looks for no smaller script.
    #[arg(long)]
    first: bool,
    /// Threads, each of which runs one seed at a time. By default one for each core.
    #[arg(long)]
    jobs: Option<usize>,
}

/// From this many seeds on, each fault must happen in each phase.
const SEEDS_THAT_COVER: u64 = 1_000;

#[derive(Debug, Default)]
struct Sum {
    tally: Tally,
    failed: Vec<(u64, String)>,
    accepted: u64,
    seen: u64,
    found: u64,
    starts: u64,
    disk_calls: u64,
    inquiries: u64,
    holds: u64,
}

impl Sum {
    fn add(&mut self, seed: u64, report: Report) {
        self.tally.merge(&report.tally);
        self.accepted += report.accepted;
        self.seen += report.seen;
        self.found += report.found;
        self.starts += report.starts;
        self.disk_calls += report.disk_calls;
        self.inquiries += report.inquiries;
        self.holds += report.holds;
        self.failed
            .extend(report.failure.map(|failure| (seed, failure)));
    }

    fn merge(&mut self, other: Self) {
        self.tally.merge(&other.tally);
        self.failed.extend(other.failed);
        self.accepted += other.accepted;
        self.seen += other.seen;
        self.found += other.found;
        self.starts += other.starts;
        self.disk_calls += other.disk_calls;
        self.inquiries += other.inquiries;
        self.holds += other.holds;
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.trace {
        return show(args.seed);
    }
    if args.first {
        return find_first(&args);
    }
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    let began = Instant::now();
    let mut sum = run_all(&args, args.jobs.unwrap_or(cores).max(1));
    sum.failed.sort_unstable();
    let seconds = began.elapsed().as_secs_f64();
    let passed = args.seeds - sum.failed.len() as u64;
    println!(
        "seeds {}..{}: {passed} passed, {} failed, {:.1} seeds/s",
        args.seed,
        args.seed + args.seeds,
        sum.failed.len(),
        args.seeds as f64 / seconds,
    );
    println!(
        "{} messages accepted, {} entries received, {} found, {} inquiries, {} times given to \
         agents, {} starts, {} calls of the disk\n\n{}",
        sum.accepted,
        sum.seen,
        sum.found,
        sum.inquiries,
        sum.holds,
        sum.starts,
        sum.disk_calls,
        sum.tally
    );
    for (seed, failure) in &sum.failed {
        println!("seed {seed}: {failure}");
    }
    if let Some((seed, _)) = sum.failed.first() {
        println!("\nlooking for the smallest script that fails like seed {seed}");
        print_explanation(*seed);
        return ExitCode::FAILURE;
    }
    let missing = sum.tally.missing();
    if args.seeds >= SEEDS_THAT_COVER && !missing.is_empty() {
        println!("\nnever happened: {}", missing.join(", "));
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}

fn run_all(args: &Args, jobs: usize) -> Sum {
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Sum::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= args.seeds {
                return sum;
            }
            let seed = args.seed.wrapping_add(at);
            sum.add(seed, simulate(seed));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        let mut sum = Sum::default();
        for thread in threads {
            if let Ok(other) = thread.join() {
                sum.merge(other);
            }
        }
        sum
    })
}

fn show(seed: u64) -> ExitCode {
    let (report, lines) = trace(seed);
    for line in lines {
        println!("{line}");
    }
    println!("trace hash {:016x}", report.trace_hash);
    match report.failure {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn find_first(args: &Args) -> ExitCode {
    for seed in args.seed..args.seed + args.seeds {
        if let Some(failure) = simulate(seed).failure {
            println!("seed {seed}: {failure}");
            return ExitCode::FAILURE;
        }
    }
    println!("none of {} seeds fails", args.seeds);
    ExitCode::SUCCESS
}

fn print_explanation(seed: u64) {
    let Some(explanation) = explain(seed) else {
        println!("seed {seed} does not fail again: it is not deterministic");
        return;
    };
    let (before, after) = explanation.steps;
    println!("\n{after} of {before} steps are left:");
    for step in explanation.script {
        println!("  {step}");
    }
    println!("\nwhat happens then:");
    for line in explanation.trace {
        println!("{line}");
    }
    println!(
        "\n{}\n\nrepeat it: --seed {seed} --trace",
        explanation.failure
    );
}
