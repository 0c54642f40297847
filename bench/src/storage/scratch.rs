//! The scratch folder of a run, removed afterwards, and other options that the benchmarks share.

use std::env;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tempfile::TempDir;

use crate::error::Result;
use crate::results::{Durability, Report, Results, Subject};
use crate::system;
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub(super) struct Scratch {
    /// Where everything is stored meanwhile, on the disk to be measured [default: the system's
    /// temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Repeats the choices of an earlier run: the same texts to the same conversations
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[serde(skip)]
    pub seed: u64,
}

impl Scratch {
    fn parent(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(env::temp_dir)
    }

    pub(super) fn open(&self) -> Result<TempDir> {
        system::temporary_dir(&self.parent())
    }

    pub(super) fn report(
        &self,
        benchmark: &'static str,
        settings: &impl Serialize,
        watcher: &Watcher,
        results: Results,
    ) -> Report {
        let subject = Subject {
            server: None,
            durability: Durability::in_folder(&self.parent()),
            seed: self.seed,
        };
        Report::new(benchmark, subject, settings, watcher.is_asked(), results)
    }
}
