//! What the store held, for the model.

use cairn_client::Timestamp;
use cairn_client::proto::ids::{ClientSeq, ConversationId};
use cairn_client::proto::wire::codec;

use super::cache::{Store, decode};
use super::error::StoreError;
use super::frame::Frame;
use super::plan::{KeyAndValue, Stored};
use super::row::{Meta, Row, Table, number_of};
use super::usage::Use;
use crate::{LocalId, Restored, SavedPending};

impl Store {
    /// Reads everything but the entries. `now` is the time of the clock: numbers on the send stream
    /// continue from there, so that no copy of the profile and no rebuilt cache uses one again.
    ///
    /// # Errors
    /// [`StoreError::Database`] if the file cannot be read.
    pub fn restore(&mut self, now: Timestamp) -> Result<Restored, StoreError> {
        self.restore_frames()?;
        let stored = Stored::read(&self.db)?;
        for (key, value) in stored.all(Table::Usage)? {
            if let Some((id, used)) = number_of(&key).zip(Use::decode(&value)) {
                self.usage.insert(ConversationId::new(id), used);
            }
        }
        let first_seq = ClientSeq::new(now.get().saturating_mul(1_000).max(1));
        let mut next_seqs = Vec::new();
        for (key, value) in stored.all(Table::Numbers)? {
            let seq = value.try_into().map(u64::from_le_bytes);
            if let (Some(id), Ok(seq)) = (number_of(&key), seq) {
                let seq = ClientSeq::new(seq).max(first_seq);
                next_seqs.push((ConversationId::new(id), seq));
            }
        }
        let moment = stored.get(&Row::meta(Meta::Moment))?;
        let outbox = self.outbox()?;
        let drafts = self.framed(&stored, Table::Drafts)?;
        self.is_unclean = stored.get(&Row::meta(Meta::Unclean))?.is_some();
        Ok(Restored {
            moment: moment.and_then(|bytes| decode(&bytes)),
            conversations: decode_all(stored.all(Table::Conversations)?),
            users: decode_all(stored.all(Table::Users)?),
            drafts: drafts.iter().filter_map(|bytes| decode(bytes)).collect(),
            outbox,
            is_new_stream: false,
            next_seqs,
            first_seq: Some(first_seq),
            last_id: LocalId::new(self.frames.next_id.saturating_sub(1)),
        })
    }

    /// Continues the generations of frames and the ids of the outbox.
    pub(super) fn restore_frames(&mut self) -> Result<(), StoreError> {
        let stored = Stored::read(&self.db)?;
        let frame = stored.get(&Row::meta(Meta::Generation))?;
        let frame = frame.and_then(|value| Frame::decode(&value, self.frames.seal));
        for pending in self.outbox()? {
            self.frames.add(pending.id);
        }
        if let Some(frame) = frame {
            let frames = &mut self.frames;
            frames.generation = frames.generation.max(frame.generation);
            frames.next_id = frames.next_id.max(frame.oldest);
        }
        Ok(())
    }

    /// Returns the number of the named send stream.
    pub(super) fn stream(&self) -> Result<u64, StoreError> {
        let stored = Stored::read(&self.db)?;
        let stream = stored.get(&Row::meta(Meta::Stream))?;
        Ok(stream.and_then(|bytes| decode(&bytes)).unwrap_or_default())
    }

    /// Keeps the number of the named send stream, durably.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be written.
    pub fn keep_stream(&mut self, stream: u64) -> Result<(), StoreError> {
        self.put_meta(&[(Meta::Stream, Some(codec::encode(&stream)))])
    }

    pub(super) fn outbox(&self) -> Result<Vec<SavedPending>, StoreError> {
        let stored = Stored::read(&self.db)?;
        let outbox = self.framed(&stored, Table::Outbox)?;
        Ok(outbox.iter().filter_map(|bytes| decode(bytes)).collect())
    }

    fn framed(&self, stored: &Stored, table: Table) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows = stored.all(table)?.into_iter();
        let frames = rows.filter_map(|(_, value)| Frame::decode(&value, self.frames.seal));
        Ok(frames.map(|frame| frame.payload).collect())
    }
}

fn decode_all<T: serde::de::DeserializeOwned>(rows: Vec<KeyAndValue>) -> Vec<T> {
    rows.iter().filter_map(|(_, value)| decode(value)).collect()
}
