//! The scratch folder of a run, removed afterwards, and other options that the benchmarks share.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tempfile::TempDir;

use crate::error::{BenchError, Result};
use crate::results::{Durability, Subject};

#[derive(Clone, Debug, Args, Serialize)]
pub(crate) struct Scratch {
    /// Where to store everything, on the disk to be measured [default: the system's temporary
    /// folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Repeats the choices of an earlier run: the same texts to the same conversations
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[serde(skip)]
    pub(crate) seed: u64,
}

impl Scratch {
    fn parent(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(env::temp_dir)
    }

    pub(crate) fn open(&self) -> Result<TempDir> {
        let parent = self.parent();
        let what = format!("cannot make a temporary directory in {}", parent.display());
        let dir = TempDir::with_prefix_in("cairn-bench-", parent);
        dir.map_err(BenchError::io(what))
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject {
            server: None,
            server_settings: BTreeMap::new(),
            durability: Durability::in_folder(&self.parent()),
            seed: self.seed,
        }
    }
}
