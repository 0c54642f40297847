//! The engine of cairn: each message once, in blocks and a commit log, and a cursor per member.

use std::path::Path;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use cairn_proto::wire::request::reading::Ack;
use cairn_store::blocks::Blocks;
use cairn_store::engine::StoreError;
use cairn_store::files::poison::Poison;
use cairn_store::trees::db::Trees;

use super::scheme::{Closed, Group, Pulled, Scheme};
use crate::error::Result;
use crate::storage::driver::{Driver, actor};

const GROUP: usize = 0;

pub(super) struct Cairn {
    driver: Driver,
    /// Entries of the commit log.
    entries: u64,
}

/// Creates a data directory with a group, its members and their devices.
pub(super) fn create(dir: &Path, group: Group) -> Result<()> {
    Driver::create(dir, 1, group.size.into())?.close()
}

pub(super) fn blocks(dir: &Path) -> Result<u64> {
    let driver = Driver::open(dir)?;
    let group = driver.groups[GROUP];
    driver.close()?;
    let trees = Trees::open(&dir.join("trees"), &dir.join("aside"), &Poison::new());
    let blocks = Blocks::new(trees.map_err(StoreError::from)?).keys_above(group, MsgId::ZERO);
    Ok(blocks.map_err(StoreError::from)?.len() as u64)
}

impl Cairn {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        Ok(Self {
            driver: Driver::open(dir)?,
            entries: 0,
        })
    }
}

impl Scheme for Cairn {
    fn send(&mut self, text: &Text) -> Result<MsgId> {
        self.entries += 1;
        self.driver.send(GROUP, text.clone())
    }

    fn commit(&mut self) -> Result<()> {
        self.driver.commit()
    }

    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>> {
        let position = self.driver.position(GROUP, actor(member))?;
        let mut from = after.max(position).next();
        // The log also has an entry per member who joined.
        while let Some((texts, next)) = self.driver.texts(GROUP, from)? {
            if !texts.is_empty() {
                return Ok(texts);
            }
            from = next;
        }
        Ok(Vec::new())
    }

    fn ack(&mut self, member: UserId, through: MsgId) -> Result<()> {
        self.entries += 1;
        let ack = Ack {
            conversation: self.driver.groups[GROUP],
            msgid: through,
        };
        self.driver.ask_as(actor(member), ack)
    }

    fn close(self: Box<Self>) -> Result<Closed> {
        let trees = self.driver.engine.history();
        self.driver.close()?;
        Ok(Closed {
            writes: self.entries,
            _sled: Box::new(trees),
        })
    }
}
