//! Offline check of everything stored: `cairn doctor`.
//!
//! First the log is compared with the blocks as they are. Then the store is opened and closed as a
//! server would, which moves the log into the trees. Then every row of every tree is read and
//! compared with the others.

mod attachments;
mod desk;
mod error;
mod revisions;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use serde::de::DeserializeOwned;

pub use error::DoctorError;

use crate::blocks::{Blocks, BlocksError};
use crate::check::{repair, verify};
use crate::commit_log::segments::LogPlace;
use crate::commit_log::{LogSource, OpenError};
use crate::engine::{self, Engine, StoreError};
use crate::env::Env;
use crate::files::attachments::LocalAttachments;
use crate::files::disk_reserve;
use crate::files::format;
use crate::files::lock::DirLock;
use crate::files::poison::Poison;
use crate::trees::db::{Trees, TreesError};
use crate::trees::{RowKey, RowPrefix, Tree, parse};
use cairn_core::api::change::Appended;
use cairn_core::record::{
    ConversationRecord, DeviceRecord, LinkRecord, MemberChunk, MembershipRecord, MsgIdSet,
    StoredMember, UserRecord,
};
use cairn_core::{Change, api::batch};
use cairn_proto::model::group::Role;

/// What was checked, all of it sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub users: u64,
    pub devices: u64,
    pub conversations: u64,
    pub members: u64,
    /// Entries above the floors.
    pub messages: u64,
    pub blocks: u64,
    pub block_bytes: u64,
    pub cursors: u64,
    pub attachments: u64,
    pub attachment_bytes: u64,
    pub log_batches: u64,
    pub log_messages: u64,
}

/// The progress of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub conversations: u64,
    pub messages: u64,
    pub attachments: u64,
}

/// How closely attachment files are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// They exist with the right length.
    Lengths,
    /// Their content matches their hash, which reads all of them.
    Hashes,
}

/// Checks a data directory, calling `progress` now and then.
///
/// # Errors
///
/// The first problem found.
pub fn check(
    dir: &Path,
    depth: Depth,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, DoctorError> {
    check_in(&Env::real(), dir, depth, progress)
}

/// As [`check`], on a given disk.
///
/// # Errors
///
/// As [`check`].
pub fn check_in(
    env: &Env,
    dir: &Path,
    depth: Depth,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, DoctorError> {
    let disk = env.disk.as_ref();
    // Opening would create one.
    if !format::is_data_dir(disk, dir) {
        return Err(DoctorError::NoDirectory(dir.to_owned()));
    }
    disk_reserve::check_start(env, dir).map_err(StoreError::from)?;
    let mut report = Report::default();
    check_log(env, dir, &mut report)?;
    Engine::open_in(env, dir)?.close()?;
    let lock = DirLock::acquire(disk, dir)?;
    let trees = open_trees(env, dir, &lock)?;
    let files = LocalAttachments::in_dir(env, dir, Some(0));
    Check {
        blocks: Blocks::new(trees.clone()),
        trees,
        files,
        report: &mut report,
        progress,
    }
    .run(depth)?;
    Ok(report)
}

pub(crate) fn open_trees(env: &Env, dir: &Path, lock: &Arc<DirLock>) -> Result<Trees, TreesError> {
    let poison = Poison::of(lock);
    Trees::open_in(env, &dir.join("trees"), &dir.join("aside"), &poison)
}

/// Compares the log with the entries that the blocks already have.
fn check_log(env: &Env, dir: &Path, report: &mut Report) -> Result<(), DoctorError> {
    let lock = DirLock::acquire(env.disk.as_ref(), dir)?;
    let format = format::check_or_create(env.disk.as_ref(), dir)?;
    let trees = open_trees(env, dir, &lock)?;
    let directory = engine::directory_id(env, dir, &trees, format)?;
    let blocks = Blocks::new(trees.clone());
    let mut next: BTreeMap<ConversationId, MsgId> = BTreeMap::new();
    // Entries that an interrupted checkpoint may have stored as the log rewrites them later.
    let mut differing: BTreeSet<(ConversationId, MsgId)> = BTreeSet::new();
    let mut check = |payload: Bytes| {
        report.log_batches += 1;
        batch::replay(payload, |change, entry| {
            let (conversation, msgid) = match change {
                Change::Appended(Appended {
                    conversation,
                    msgid,
                    ..
                }) => (conversation, msgid),
                Change::Rewritten {
                    conversation,
                    msgid,
                    ..
                } => {
                    if differing.contains(&(conversation, msgid))
                        && is_as_stored(&blocks, conversation, msgid, &entry)?
                    {
                        differing.remove(&(conversation, msgid));
                    }
                    return Ok(());
                }
                _ => return Ok(()),
            };
            report.log_messages += 1;
            let expected = next.insert(conversation, msgid.next()).unwrap_or(msgid);
            if expected != msgid {
                return Err(DoctorError::Gap {
                    conversation,
                    expected,
                    found: msgid,
                });
            }
            if !is_as_stored(&blocks, conversation, msgid, &entry)? {
                differing.insert((conversation, msgid));
            }
            Ok(())
        })
    };
    let checkpoint = trees.checkpoint()?;
    let source = LogSource::of(env, dir, directory, format);
    let log = source.replay(checkpoint, &Poison::new(), |_, payload| check(payload));
    match log {
        Ok(_) => match differing.first() {
            None => Ok(()),
            Some(&(conversation, msgid)) => Err(DoctorError::Differs {
                conversation,
                msgid,
            }),
        },
        Err(OpenError::Log(damage)) if damage.is_damage() => {
            let place = LogPlace::in_dir(dir, directory, format);
            let (_, loss) = repair::read(env, &place, checkpoint)?;
            Err(DoctorError::Lost { damage, loss })
        }
        Err(OpenError::Log(error)) => Err(error.into()),
        Err(OpenError::Replay { source, .. }) => Err(source),
    }
}

/// Returns whether no block has a different entry with this number.
fn is_as_stored(
    blocks: &Blocks,
    conversation: ConversationId,
    msgid: MsgId,
    entry: &Bytes,
) -> Result<bool, DoctorError> {
    let Some(block) = blocks.at_or_below(conversation, msgid)? else {
        return Ok(true);
    };
    if block.last() < msgid {
        return Ok(true);
    }
    let place = usize::try_from(msgid.above(block.place.first)).unwrap_or(usize::MAX);
    Ok(block.split().map_err(BlocksError::from)?.get(place) == Some(entry))
}

struct Check<'a> {
    trees: Trees,
    blocks: Blocks,
    files: LocalAttachments,
    report: &'a mut Report,
    progress: &'a mut dyn FnMut(Progress),
}

impl Check<'_> {
    fn run(&mut self, depth: Depth) -> Result<(), DoctorError> {
        let mut users = BTreeSet::new();
        self.each(Tree::Users, |_, key, _: UserRecord| {
            users.extend(parse::user(key.bytes()));
            Ok(())
        })?;
        let mut devices = 0;
        self.each(Tree::Devices, |_, key, _: DeviceRecord| {
            let Some((user, _)) = parse::device(key.bytes()) else {
                return Err(wrong(key, "its key is no device's"));
            };
            devices += 1;
            if users.contains(&user) {
                Ok(())
            } else {
                Err(wrong(key, "there is no such user"))
            }
        })?;
        self.audit()?;
        self.each(Tree::Links, |_, _, _: LinkRecord| Ok(()))?;
        let mut heads: BTreeMap<ConversationId, MsgId> = BTreeMap::new();
        self.each(
            Tree::Conversations,
            |check, key, record: ConversationRecord| {
                let Some(id) = parse::conversation(key.bytes()) else {
                    return Err(wrong(key, "its key is no conversation's"));
                };
                heads.insert(id, record.head);
                check.conversation(id, key, &record, &users)
            },
        )?;
        self.each(
            Tree::Memberships,
            |check, key, MembershipRecord { owns }| match parse::membership(key.bytes()) {
                Some((user, id)) => {
                    let chunk: Vec<StoredMember> = check
                        .trees
                        .read(&RowKey::members(id, MemberChunk::of(user)))?
                        .unwrap_or_default();
                    match chunk
                        .iter()
                        .find(|member| member.user == user)
                        .map(|member| member.record.role == Role::Owner)
                    {
                        None => Err(wrong(key, "there is no such membership")),
                        Some(is_owner) if is_owner != owns => Err(wrong(
                            key,
                            "its ownership differs from the role of the member",
                        )),
                        Some(_) => Ok(()),
                    }
                }
                None => Err(wrong(key, "its key is no membership's")),
            },
        )?;
        self.cursors(&heads)?;
        self.desk(&heads, &users)?;
        self.groups(&users)?;
        self.people(&users)?;
        self.revisions(&users)?;
        self.attachments(&users, depth)?;
        self.report.users = users.len() as u64;
        self.report.devices = devices;
        Ok(())
    }

    fn bounds(
        &self,
        id: ConversationId,
        key: &RowKey,
        record: &ConversationRecord,
    ) -> Result<(), DoctorError> {
        if record.floor > record.head {
            return Err(wrong(
                key,
                format!(
                    "its floor {} lies above its head {}",
                    record.floor, record.head
                ),
            ));
        }
        if record.last_message > record.head {
            return Err(wrong(
                key,
                format!(
                    "its last message {} lies above its head {}",
                    record.last_message, record.head
                ),
            ));
        }
        let pins = RowKey::pins(id);
        if self
            .trees
            .read::<Vec<MsgId>>(&pins)?
            .is_some_and(|pins| pins.first() <= Some(&record.floor))
        {
            return Err(wrong(
                &pins,
                format!("a pin lies at or below the floor {}", record.floor),
            ));
        }
        Ok(())
    }

    fn conversation(
        &mut self,
        id: ConversationId,
        key: &RowKey,
        record: &ConversationRecord,
        users: &BTreeSet<UserId>,
    ) -> Result<(), DoctorError> {
        self.bounds(id, key, record)?;
        let verified = verify::verify_blocks(&self.blocks, id, record.floor, record.head)?;
        let mut uncounted = MsgIdSet::default();
        self.each_of(&RowPrefix::uncounted_of(id), |_, key, bytes: Vec<u8>| {
            let chunk = parse::uncounted(key.bytes()).map(|(_, chunk)| chunk);
            let installed = chunk.and_then(|chunk| uncounted.install(chunk, &bytes));
            installed.ok_or_else(|| wrong(key, "its bitmap does not decode"))
        })?;
        let noted = uncounted.count(record.floor, record.head);
        if noted != verified.uncounted {
            return Err(DoctorError::Uncounted {
                conversation: id,
                noted,
                found: verified.uncounted,
            });
        }
        self.mentions(id, record.head, users)?;
        self.attached(id, record.floor, &verified.attached)?;
        let mut members = 0;
        self.each_of(
            &RowPrefix::members_of(id),
            |check, key, chunk: Vec<StoredMember>| {
                members += chunk.len() as u64;
                let place = parse::members(key.bytes()).map(|(_, chunk)| chunk);
                chunk
                    .iter()
                    .try_for_each(|member| check.member(id, key, record.head, member, place, users))
            },
        )?;
        if members != u64::from(record.counts.members) {
            return Err(wrong(
                key,
                format!(
                    "it counts {} members, and there are {members}",
                    record.counts.members
                ),
            ));
        }
        self.report.conversations += 1;
        self.report.members += members;
        self.report.messages += verified.messages;
        self.report.blocks += verified.blocks;
        self.report.block_bytes += verified.stored_bytes;
        self.report_progress();
        Ok(())
    }

    fn report_progress(&mut self) {
        let Report {
            conversations,
            messages,
            attachments,
            ..
        } = *self.report;
        (self.progress)(Progress {
            conversations,
            messages,
            attachments,
        });
    }

    fn mentions(
        &mut self,
        id: ConversationId,
        head: MsgId,
        users: &BTreeSet<UserId>,
    ) -> Result<(), DoctorError> {
        self.each_of(&RowPrefix::mentions_of(id), |_, key, bytes: Vec<u8>| {
            let mut set = MsgIdSet::default();
            let Some((_, user, chunk)) = parse::mentions(key.bytes()) else {
                return Err(wrong(key, "its key is no user's"));
            };
            set.install(chunk, &bytes)
                .ok_or_else(|| wrong(key, "its bitmap does not decode"))?;
            if user != UserId::SERVER && !users.contains(&user) {
                return Err(wrong(key, format!("there is no user {user}")));
            }
            if set.last() > head {
                Err(wrong(key, format!("a mention lies above the head {head}")))
            } else {
                Ok(())
            }
        })
    }

    fn member(
        &mut self,
        id: ConversationId,
        key: &RowKey,
        head: MsgId,
        member: &StoredMember,
        place: Option<MemberChunk>,
        users: &BTreeSet<UserId>,
    ) -> Result<(), DoctorError> {
        let StoredMember {
            user,
            record,
            delivered,
        } = member;
        // A visitor is a member of their inquiry, and no user.
        let is_visitor = *user == UserId::VISITOR;
        let is_known = is_visitor || users.contains(user);
        if !is_known || place != Some(MemberChunk::of(*user)) {
            return Err(wrong(
                key,
                format!("there is no user {user}, or the row is misplaced"),
            ));
        }
        // Cursors of removed devices may remain.
        let terms = [
            record.details.floor,
            record.details.hidden_at.unwrap_or_default(),
        ];
        let cursors = delivered
            .iter()
            .map(|&(_, msgid)| msgid)
            .chain([record.shown_read(), record.joined])
            .chain(terms);
        if cursors.max() > Some(head) {
            return Err(wrong(key, format!("a cursor lies above the head {head}")));
        }
        if record.marker.is_some() && record.shown_read() == record.read {
            return Err(wrong(
                key,
                format!("user {user} has read what is marked as unread"),
            ));
        }
        self.report.cursors += delivered.len() as u64;
        if is_visitor {
            return Ok(());
        }
        match self.trees.get(&RowKey::membership(*user, id))? {
            Some(_) => Ok(()),
            None => Err(wrong(
                key,
                format!("the list of conversations of user {user} lacks it"),
            )),
        }
    }

    fn each<T: DeserializeOwned>(
        &mut self,
        tree: Tree,
        each: impl FnMut(&mut Self, &RowKey, T) -> Result<(), DoctorError>,
    ) -> Result<(), DoctorError> {
        self.each_of(&RowPrefix::all(tree), each)
    }

    fn each_of<T: DeserializeOwned>(
        &mut self,
        prefix: &RowPrefix,
        mut each: impl FnMut(&mut Self, &RowKey, T) -> Result<(), DoctorError>,
    ) -> Result<(), DoctorError> {
        let trees = self.trees.clone();
        trees.each(prefix, |key, record| each(self, key, record))
    }
}

fn wrong(key: &RowKey, what: impl Into<String>) -> DoctorError {
    DoctorError::Row {
        key: *key,
        what: what.into(),
    }
}
