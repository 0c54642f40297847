//! A folder with the messages of one group, stored in one of the ways.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::cairn::{self, Cairn};
use super::plain::Plain;
use super::scheme::{Group, Kind, Scheme};
use crate::error::{BenchError, Result};

#[derive(Clone, Debug, Default, Args)]
pub(super) struct Store {
    /// How it stores messages
    #[arg(long = "scheme", value_name = "SCHEME")]
    pub(super) kind: Kind,

    /// Where it stores them
    #[arg(long, value_name = "DIR")]
    pub(super) dir: PathBuf,

    #[command(flatten)]
    pub(super) group: Group,
}

impl Store {
    /// Creates the store, with its members where the scheme knows them.
    pub(super) fn create(&self) -> Result<()> {
        fs::create_dir_all(&self.dir).map_err(BenchError::io("cannot create a folder"))?;
        match self.kind {
            Kind::Cairn => cairn::create(&self.dir, self.group),
            _ => self.open()?.close().map(drop),
        }
    }

    pub(super) fn open(&self) -> Result<Box<dyn Scheme>> {
        Ok(match self.kind {
            Kind::Cairn => Box::new(Cairn::open(&self.dir)?),
            kind => Box::new(Plain::open(&self.dir, kind, self.group)?),
        })
    }

    /// Rows for messages that were written after the messages were accepted. The store must be
    /// closed.
    pub(super) fn moved(&self) -> Result<u64> {
        match self.kind {
            Kind::Cairn => cairn::blocks(&self.dir),
            _ => Ok(0),
        }
    }
}
