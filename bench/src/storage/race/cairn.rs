//! cairn's own engine: each message goes through the state machine, with membership, deduplication, encoding and tails.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use cairn_proto::content::body::Body;
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use cairn_proto::wire::request::PullRange;

use super::contender::{Contender, Key, Storage, StorageFailure};
use crate::error::BenchError;
use crate::storage::driver::Driver;
use cairn_store::blocks::run::RunLimits;

/// The id of the first user beside the sender.
const FIRST_MEMBER: u64 = 2;

/// Counts the bytes that the commit log was given.
pub type Meter = Rc<Cell<u64>>;

#[derive(Debug)]
struct Cairn {
    driver: Driver,
    meter: Meter,
}

/// cairn's engine with so many groups, in which nobody is but the sender.
pub fn with_groups(groups: usize) -> Contender {
    Contender::new("cairn", move |folder: &Path| {
        opened(folder, Meter::default(), || Driver::create(folder, groups))
    })
}

/// cairn's engine with one group of so many members. `meter` counts what its messages give the log.
pub fn with_members(members: u64, meter: Meter) -> Contender {
    let create = move |folder: &Path| {
        let mut driver = Driver::create(folder, 1)?;
        let others = driver.users(FIRST_MEMBER, members.saturating_sub(1))?;
        let others: Vec<UserId> = others.iter().map(|actor| actor.user).collect();
        driver.add_members(0, &others)?;
        Ok(driver)
    };
    Contender::new(format!("{members} members"), move |folder: &Path| {
        opened(folder, meter.clone(), || create(folder))
    })
}

fn opened(
    folder: &Path,
    meter: Meter,
    create: impl Fn() -> Result<Driver, BenchError>,
) -> Result<Box<dyn Storage>, StorageFailure> {
    let is_new = folder.read_dir()?.next().is_none();
    let driver = if is_new {
        create()?
    } else {
        Driver::open(folder)?
    };
    Ok(Box::new(Cairn { driver, meter }))
}

impl Storage for Cairn {
    fn put(&mut self, key: Key, text: &str) -> Result<(), StorageFailure> {
        self.driver
            .send(usize::try_from(key.conversation)?, Text::new(text)?)?;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StorageFailure> {
        self.meter
            .set(self.meter.get() + self.driver.engine.batch_bytes() as u64);
        self.driver.commit()?;
        Ok(())
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for group in 0..self.driver.groups.len() {
            let mut from = MsgId::new(1);
            loop {
                let run = self
                    .driver
                    .read(group, PullRange::From(from), RunLimits::MAX)?;
                if run.count == 0 {
                    break;
                }
                from = run.last().next();
                // What is no text is about the group: that it was made, and who has joined.
                for message in run.messages()? {
                    if let Body::Text(text) = message.body {
                        each(group as u64, text.as_str().as_bytes());
                    }
                }
            }
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        Ok(self.driver.close()?)
    }
}
