//! Cutting a damaged commit log after its last good batch: `cairn doctor --repair`.
//!
//! The log, the watermark and the trees are copied first. What follows the cut is lost, even where
//! it is readable: batches only have a meaning in their order.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::codec::DecodeError;
use serde::Serialize;

use super::doctor::{self, DoctorError};
use crate::commit_log::segments::LogPlace;
use crate::commit_log::segments::record::BatchNo;
use crate::commit_log::segments::salvage::{self, Salvage};
use crate::commit_log::{LogError, Position};
use crate::disk::Disk;
use crate::engine;
use crate::env::Env;
use crate::files::durable;
use crate::files::format;
use crate::files::lock::DirLock;
use cairn_core::Change;
use cairn_core::api::batch;
use cairn_core::api::change::Appended;

/// What a damaged log has lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The last batch that can be kept.
    pub last_batch: u64,
    /// The last batch that is known to have been accepted.
    pub accepted_batch: Option<u64>,
    /// Batches after the last one to be kept that can be read.
    pub readable_batches: u64,
    /// The messages in these.
    pub readable_messages: Vec<LostMessages>,
}

/// Messages of one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LostMessages {
    pub conversation: ConversationId,
    pub first: MsgId,
    pub last: MsgId,
    pub count: u64,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.last_batch + 1;
        match self.accepted_batch.filter(|accepted| *accepted >= next) {
            Some(accepted) if accepted == next => write!(f, "batch {next} is lost")?,
            Some(accepted) => write!(f, "batches {next} to {accepted} are lost")?,
            None => write!(f, "what followed batch {} is lost", self.last_batch)?,
        }
        if self.readable_batches > 0 {
            let messages: u64 = self.readable_messages.iter().map(|lost| lost.count).sum();
            let batches = self.readable_batches;
            write!(
                f,
                "; {batches} batches after it with {messages} messages are readable"
            )?;
        }
        Ok(())
    }
}

impl Loss {
    fn of(salvage: &Salvage, lost: &[(BatchNo, Bytes)]) -> Self {
        let mut messages: BTreeMap<ConversationId, LostMessages> = BTreeMap::new();
        for (_, payload) in lost {
            // What does not decode has no messages to list.
            let _: Result<(), DecodeError> = batch::replay(payload.clone(), |change, _| {
                if let Change::Appended(Appended {
                    conversation,
                    msgid,
                    ..
                }) = change
                {
                    messages
                        .entry(conversation)
                        .and_modify(|lost| {
                            lost.last = lost.last.max(msgid);
                            lost.count += 1;
                        })
                        .or_insert(LostMessages {
                            conversation,
                            first: msgid,
                            last: msgid,
                            count: 1,
                        });
                }
                Ok(())
            });
        }
        Self {
            last_batch: salvage.last().get(),
            accepted_batch: salvage.accepted().map(BatchNo::get),
            readable_batches: lost.len() as u64,
            readable_messages: messages.into_values().collect(),
        }
    }
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repaired {
    #[serde(flatten)]
    pub loss: Loss,
    /// The log's last file, if it was not removed.
    pub shortened: Option<PathBuf>,
    pub removed: Vec<PathBuf>,
    /// The log, the watermark and the trees before the repair.
    pub copy: PathBuf,
}

/// Cuts the log of a stopped server after its last good batch. Returns `None` if it is sound.
///
/// # Errors
///
/// When the damage is not of this kind, and when files cannot be used.
pub fn repair(dir: &Path) -> Result<Option<Repaired>, DoctorError> {
    repair_in(&Env::real(), dir)
}

/// As [`repair`], on a given disk.
pub(crate) fn repair_in(env: &Env, dir: &Path) -> Result<Option<Repaired>, DoctorError> {
    if !format::is_data_dir(env.disk.as_ref(), dir) {
        return Err(DoctorError::NoDirectory(dir.to_owned()));
    }
    let lock = DirLock::acquire(env.disk.as_ref(), dir)?;
    let Some((place, checkpoint)) = damaged_log(env, dir, &lock)? else {
        return Ok(None);
    };
    let (salvage, loss) = read(env, &place, checkpoint)?;
    let copy = copy_aside(env.disk.as_ref(), dir).map_err(|source| DoctorError::Copy {
        dir: dir.to_owned(),
        source,
    })?;
    let (shortened, removed) = salvage.files();
    let repaired = Repaired {
        loss,
        shortened: shortened.cloned(),
        removed: removed.to_vec(),
        copy,
    };
    salvage.cut(env, &place)?;
    Ok(Some(repaired))
}

/// Reads what can be kept of a damaged log, and what is lost.
pub(super) fn read(
    env: &Env,
    place: &LogPlace,
    checkpoint: Position,
) -> Result<(Salvage, Loss), LogError> {
    let mut lost = Vec::new();
    let salvage = Salvage::read(env, place, checkpoint, &mut |number, payload| {
        lost.push((number, payload));
    })?;
    let loss = Loss::of(&salvage, &lost);
    Ok((salvage, loss))
}

/// Returns the place and the checkpoint of a log that must be cut.
fn damaged_log(
    env: &Env,
    dir: &Path,
    lock: &Arc<DirLock>,
) -> Result<Option<(LogPlace, Position)>, DoctorError> {
    let format = format::check_or_create(env.disk.as_ref(), dir)?;
    let trees = doctor::open_trees(env, dir, lock)?;
    let directory = engine::directory_id(env, dir, &trees, format)?;
    let place = LogPlace::in_dir(dir, directory, format);
    let checkpoint = trees.checkpoint()?;
    match salvage::check(env, &place, checkpoint) {
        Ok(()) => Ok(None),
        Err(error) if error.is_damage() => Ok(Some((place, checkpoint))),
        Err(error) => Err(error.into()),
    }
}

/// Copies what a repair changes to a new folder in `aside`, durably.
fn copy_aside(disk: &dyn Disk, dir: &Path) -> io::Result<PathBuf> {
    let aside = dir.join("aside");
    durable::create_dir(disk, &aside)?;
    let mut number = 1_u32;
    let mut copy = aside.join(format!("repair-{number}"));
    while disk.find(&copy)?.is_some() {
        number += 1;
        copy = aside.join(format!("repair-{number}"));
    }
    durable::create_dir(disk, &copy)?;
    for name in ["log", "trees", "watermark"] {
        if let Err(error) = durable::copy_all(disk, &dir.join(name), &copy.join(name)) {
            // Half a copy is of no use, and the disk may be full.
            let _ = disk.remove_dir_all(&copy);
            return Err(error);
        }
    }
    disk.sync_dir(&copy)?;
    Ok(copy)
}
