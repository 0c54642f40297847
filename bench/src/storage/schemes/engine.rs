//! cairn's own engine: each message once, in blocks behind a commit log, and a cursor for each member's device.

use std::path::Path;

use cairn_proto::content::body::Body;
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use cairn_proto::wire::request::{PullRange, Request};

use super::scheme::{Closed, Group, Pulled, Scheme, Writes};
use crate::error::BenchError;
use crate::storage::driver::{Driver, actor};
use crate::storage::release::await_release;
use cairn_store::blocks::Blocks;
use cairn_store::blocks::run::RunLimits;
use cairn_store::engine::StoreError;
use cairn_store::files::poison::Poison;
use cairn_store::trees::db::Trees;

/// The driver's number of the only group.
const GROUP: usize = 0;

/// cairn's engine with one group.
#[derive(Debug)]
pub(super) struct CairnEngine {
    driver: Driver,
    entries: Writes,
}

/// Makes a data directory with a group, its members and their devices.
pub(super) fn prepare(dir: &Path, group: Group) -> Result<(), BenchError> {
    let mut driver = Driver::create(dir, 1)?;
    if let Some(first) = group.members().next() {
        let users = driver.users(first.get().into(), group.size().into())?;
        driver.add_members(
            GROUP,
            &users.iter().map(|actor| actor.user).collect::<Vec<_>>(),
        )?;
    }
    driver.close()
}

/// The blocks of a data directory that is closed.
pub(super) fn blocks(dir: &Path) -> Result<Writes, BenchError> {
    let driver = Driver::open(dir)?;
    let group = driver.groups[GROUP];
    driver.close()?;
    let trees_dir = dir.join("trees");
    await_release(&trees_dir)?;
    let trees =
        Trees::open(&trees_dir, &dir.join("aside"), &Poison::new()).map_err(StoreError::from)?;
    let blocks = Blocks::new(trees)
        .keys_above(group, MsgId::ZERO)
        .map_err(StoreError::from)?;
    Ok(Writes(blocks.len() as u64))
}

impl CairnEngine {
    pub(super) fn open(dir: &Path) -> Result<Self, BenchError> {
        Ok(Self {
            driver: Driver::open(dir)?,
            entries: Writes::default(),
        })
    }
}

impl Scheme for CairnEngine {
    fn send(&mut self, text: &Text) -> Result<MsgId, BenchError> {
        self.entries.0 += 1;
        self.driver.send(GROUP, text.clone())
    }

    fn commit(&mut self) -> Result<(), BenchError> {
        self.driver.commit().map(drop)
    }

    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>, BenchError> {
        let mut after = after.max(self.driver.position(GROUP, actor(member))?);
        loop {
            let run = self
                .driver
                .read(GROUP, PullRange::From(after.next()), RunLimits::MAX)?;
            let messages = run.messages()?;
            let texts = messages
                .into_iter()
                .filter_map(|message| match message.body {
                    Body::Text(text) => Some(Pulled {
                        msgid: message.msgid,
                        text,
                    }),
                    // Who joined is an entry of the log as well.
                    _ => None,
                });
            let page: Vec<Pulled> = texts.collect();
            if !page.is_empty() || run.count == 0 {
                return Ok(page);
            }
            after = run.last();
        }
    }

    fn ack(&mut self, member: UserId, through: MsgId) -> Result<(), BenchError> {
        self.entries.0 += 1;
        let request = Request::Ack {
            conversation: self.driver.groups[GROUP],
            msgid: through,
        };
        self.driver.ask_as(actor(member), request).map(drop)
    }

    fn close(self: Box<Self>) -> Result<Closed, BenchError> {
        let Self { driver, entries } = *self;
        let trees = driver.engine.history();
        driver.close()?;
        Ok(Closed::new(entries, trees))
    }
}
