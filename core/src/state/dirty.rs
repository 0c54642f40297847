//! Persistence: the rows that changed, and eviction of what is stored.

use hashbrown::HashSet;

use crate::record::{GroupRecord, MembershipRecord, Row};
use crate::state::State;
use crate::state::send_stream::StreamRows;

impl State {
    /// Takes the rows that changed since the last call. They count as stored from then on, so the
    /// caller must store them or stop the server.
    pub fn take_dirty(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        self.take_accounts(&mut rows);
        self.take_streams(&mut rows);
        self.take_conversations(&mut rows);
        self.take_relations(&mut rows);
        self.take_profiles(&mut rows);
        self.audit.take_dirty(&mut rows);
        let settings = std::mem::take(&mut self.dirty.settings);
        rows.extend(
            settings
                .into_iter()
                .map(|(name, value)| Row::Setting(name, value)),
        );
        self.attachments.take_dirty(&mut rows);
        self.desk.take_dirty(&mut rows);
        rows
    }

    fn take_accounts(&mut self, rows: &mut Vec<Row>) {
        for id in std::mem::take(&mut self.dirty.users) {
            rows.extend(
                self.users
                    .get(&id)
                    .map(|user| Row::User(id, user.record.clone())),
            );
        }
        for (user, id) in std::mem::take(&mut self.dirty.devices) {
            let record = self
                .users
                .get(&user)
                .and_then(|user| user.devices.get(&id))
                .cloned();
            rows.push(Row::Device(user, id, record));
        }
        for token in std::mem::take(&mut self.dirty.links) {
            rows.push(Row::Link(token, self.links.get(&token).copied()));
        }
    }

    fn take_streams(&mut self, rows: &mut Vec<Row>) {
        // Removals first: a stream that was evicted and reopened since then has new rows, which a
        // later removal would delete.
        let removed = std::mem::take(&mut self.dirty.streams_removed);
        rows.extend(
            removed
                .into_iter()
                .map(|(device, stream)| Row::StreamRemoved(device, stream)),
        );
        for (device, id) in std::mem::take(&mut self.dirty.streams) {
            let Some(stream) = self.streams.get_mut(&(device, id)) else {
                continue;
            };
            let StreamRows { cursors, recent } = stream.take_dirty();
            rows.extend(
                cursors
                    .into_iter()
                    .map(|(chunk, cursors)| Row::SendCursors(device, id, chunk, cursors)),
            );
            rows.extend(
                recent
                    .into_iter()
                    .map(|(part, sends)| Row::RecentSends(device, id, part, sends)),
            );
        }
    }

    fn take_conversations(&mut self, rows: &mut Vec<Row>) {
        for (user, conversation) in std::mem::take(&mut self.dirty.memberships) {
            let member = self
                .users
                .get(&user)
                .filter(|user| user.conversations.contains(&conversation));
            let record = member.map(|user| MembershipRecord {
                owns: user.owned.contains(&conversation),
            });
            rows.push(Row::Membership(user, conversation, record));
        }
        for (user, conversation) in std::mem::take(&mut self.dirty.ended) {
            rows.push(Row::Ended(
                user,
                conversation,
                self.ended_at(user, conversation),
            ));
        }
        if std::mem::take(&mut self.dirty.epochs) {
            rows.push(Row::Epochs(self.epochs().to_vec()));
        }
        if std::mem::take(&mut self.dirty.clock) {
            rows.extend(self.clock.logged().map(Row::Clock));
        }
        for id in std::mem::take(&mut self.dirty.open_groups) {
            rows.push(Row::OpenGroup(id, self.open_groups.name(id).cloned()));
        }
        for id in std::mem::take(&mut self.dirty.conversations) {
            let Some(found) = self.conversations.get_mut(&id) else {
                continue;
            };
            let dirty = std::mem::take(&mut found.dirty);
            rows.push(Row::Conversation(id, found.record.clone()));
            if dirty.group {
                rows.push(Row::Group(
                    id,
                    Some(found.group.clone()).filter(|group| *group != GroupRecord::default()),
                ));
            }
            debug_assert!(
                dirty.members.iter().all(|&chunk| found.knows_chunk(chunk)),
                "a stored chunk must be loaded completely"
            );
            rows.extend(
                dirty
                    .members
                    .into_iter()
                    .map(|chunk| Row::Members(id, chunk, found.stored_members(chunk))),
            );
            for chunk in dirty.chunks {
                rows.extend(
                    found
                        .uncounted
                        .chunk_bytes(chunk)
                        .map(|bytes| Row::Uncounted(id, chunk, bytes)),
                );
            }
            for (user, chunk) in dirty.mentions {
                let bytes = found
                    .mentions
                    .get(&user)
                    .and_then(|set| set.chunk_bytes(chunk));
                rows.push(Row::Mentions(id, user, chunk, bytes));
            }
            if dirty.pins {
                rows.push(Row::Pins(id, found.pins.clone()));
            }
            if dirty.retention {
                rows.push(Row::Retention(id, found.retention));
            }
            for source in dirty.imports {
                rows.extend(
                    found
                        .imports
                        .get(&source)
                        .map(|&cursor| Row::Import(id, source, cursor)),
                );
            }
        }
    }

    /// Evicts stored conversations, send streams, relations and profiles if memory exceeds
    /// `target_bytes`. Call only once everything from [`State::take_dirty`] is stored. Returns the
    /// evicted conversations.
    pub fn evict(&mut self, target_bytes: usize) -> Vec<cairn_proto::ids::ConversationId> {
        self.attachments.evict();
        self.desk.evict();
        let bytes: usize = self
            .conversations
            .values()
            .map(crate::state::conversation::Conversation::memory_bytes)
            .sum();
        if bytes
            + self.streams.len() * STREAM_BYTES
            + self.relations_bytes()
            + self.profiles_bytes()
            + self.audit.memory_bytes()
            <= target_bytes
        {
            return Vec::new();
        }
        // A reopened stream stays while the trees may hold rows from before: loading them would
        // bring its old cursors back.
        self.streams
            .retain(|key, stream| !stream.is_clean() || self.dirty.streams_removed.contains(key));
        self.evict_relations();
        self.evict_profiles();
        self.audit.evict();
        // Routing gives inquiries to agents whatever command is executed, so nothing loads them.
        let pinned: HashSet<_> = self.desk.pinned().collect();
        let idle: Vec<_> = self
            .conversations
            .iter()
            .filter(|(id, found)| !found.dirty.listed && !pinned.contains(*id))
            .map(|(&id, _)| id)
            .collect();
        for id in &idle {
            self.conversations.remove(id);
        }
        idle
    }
}

/// Approximate size of a busy send stream.
const STREAM_BYTES: usize = 48 * 1024;
