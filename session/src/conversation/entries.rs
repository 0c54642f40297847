//! Entries of one log, each as it reads now.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::ids::MsgId;

use super::entry::Entry;

/// Every number of a log.
pub(crate) const WHOLE: RangeInclusive<MsgId> = MsgId::ZERO..=MsgId::new(u64::MAX);

/// Entries in the order of the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries(BTreeMap<MsgId, Arc<Entry>>);

/// The words of an edit do not fit the message.
pub(crate) struct UnfitEdit;

impl Entries {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, msgid: MsgId) -> Option<&Arc<Entry>> {
        self.0.get(&msgid)
    }

    pub(crate) fn range(
        &self,
        range: RangeInclusive<MsgId>,
    ) -> impl DoubleEndedIterator<Item = (MsgId, &Arc<Entry>)> {
        self.0.range(range).map(|(&msgid, entry)| (msgid, entry))
    }

    pub(crate) fn after(
        &self,
        msgid: MsgId,
    ) -> impl DoubleEndedIterator<Item = (MsgId, &Arc<Entry>)> {
        self.range(msgid.next()..=*WHOLE.end())
    }

    pub(crate) fn put(&mut self, msgid: MsgId, entry: Entry) {
        self.0.insert(msgid, Arc::new(entry));
    }

    pub(crate) fn first(&self) -> Option<MsgId> {
        self.0.first_key_value().map(|(&msgid, _)| msgid)
    }

    pub(crate) fn last(&self) -> Option<MsgId> {
        self.0.last_key_value().map(|(&msgid, _)| msgid)
    }

    pub(crate) fn pop_first(&mut self) -> Option<MsgId> {
        self.0.pop_first().map(|(msgid, _)| msgid)
    }

    pub(crate) fn pop_last(&mut self) -> Option<MsgId> {
        self.0.pop_last().map(|(msgid, _)| msgid)
    }

    /// Drops everything up to `floor`: it expired.
    pub(crate) fn expire(&mut self, floor: MsgId) {
        self.0 = self.0.split_off(&floor.next());
    }

    /// Applies an amendment, the body of entry `msgid`, to its target if that is `within` a range.
    /// It may be applied already: a pulled message is in its latest state, and the log then repeats
    /// how it got there.
    pub(crate) fn amend(
        &mut self,
        msgid: MsgId,
        by: &Entry,
        amendment: &Amendment,
        within: &RangeInclusive<MsgId>,
    ) -> Result<(), UnfitEdit> {
        let target = within
            .contains(&amendment.msgid())
            .then(|| self.0.get_mut(&amendment.msgid()))
            .flatten();
        match amendment {
            Amendment::Edited { msgid: edited, .. } => {
                let end = match target {
                    Some(target) => {
                        let target = Arc::make_mut(target);
                        target.amend(msgid, by, amendment)?;
                        let newest = target.edited.map_or(MsgId::ZERO, |edited| edited.entry);
                        // If a later edit or a recall is applied already, the words of this one go
                        // too.
                        if newest == msgid { msgid } else { msgid.next() }
                    }
                    None => msgid,
                };
                self.erase_edits(*edited, end);
            }
            Amendment::Recalled { msgid: recalled } => {
                if let Some(target) = target {
                    Arc::make_mut(target).amend(msgid, by, amendment)?;
                }
                self.erase_edits(*recalled, msgid);
            }
            _ => {
                if let Some(target) = target {
                    Arc::make_mut(target).amend(msgid, by, amendment)?;
                }
            }
        }
        Ok(())
    }

    /// Erases words and mentions of edits of `target` that lie before `end`: superseded or recalled
    /// text must not stay readable. The target itself may have expired or been evicted.
    fn erase_edits(&mut self, target: MsgId, end: MsgId) {
        if target >= end {
            return;
        }
        for (_, entry) in self.0.range_mut(target..end) {
            if let Body::Amendment(Amendment::Edited {
                msgid,
                text: Some(_),
            }) = &entry.body
                && *msgid == target
            {
                Arc::make_mut(entry).erase_edit();
            }
        }
    }
}
