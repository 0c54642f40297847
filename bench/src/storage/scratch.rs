//! The scratch folder of a run, removed afterwards.

use std::env;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tempfile::TempDir;

use crate::error::BenchError;
use crate::results::{Durability, Subject};

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

    pub(super) fn open(&self) -> Result<TempDir, BenchError> {
        let dir = self.parent();
        tempfile::Builder::new()
            .prefix("cairn-bench-")
            .tempdir_in(&dir)
            .map_err(|source| BenchError::Directory { dir, source })
    }

    pub(super) fn subject(&self) -> Subject {
        Subject {
            server: None,
            durability: Durability::in_folder(&self.parent()),
            seed: self.seed,
        }
    }
}
