//! The index of open groups by name. Always in memory, because any user may search it.

use std::collections::{BTreeMap, BTreeSet};

use cairn_proto::ids::ConversationId;
use cairn_proto::limits::GROUPS_FOUND_MAX;
use cairn_proto::text::GroupName;

#[derive(Clone, Debug, Default)]
pub(crate) struct OpenGroupIndex {
    names: BTreeMap<ConversationId, GroupName>,
    by_name: BTreeSet<(String, ConversationId)>,
}

impl OpenGroupIndex {
    /// Adds, renames or removes (`None`) a group.
    pub(crate) fn set(&mut self, id: ConversationId, name: Option<GroupName>) {
        if let Some(old) = self.names.remove(&id) {
            self.by_name.remove(&(old.folded(), id));
        }
        if let Some(name) = name {
            self.by_name.insert((name.folded(), id));
            self.names.insert(id, name);
        }
    }

    /// The name of a group, if it is open.
    pub(crate) fn name(&self, id: ConversationId) -> Option<&GroupName> {
        self.names.get(&id)
    }

    /// The first groups whose names start with `prefix`, ordered by name.
    pub(crate) fn find(&self, prefix: Option<&GroupName>) -> impl Iterator<Item = ConversationId> {
        let prefix = prefix.map(GroupName::folded).unwrap_or_default();
        let from = (prefix.clone(), ConversationId::new(0));
        let found = self
            .by_name
            .range(from..)
            .take_while(move |(name, _)| name.starts_with(&prefix));
        found.take(GROUPS_FOUND_MAX).map(|&(_, id)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_by_prefix() {
        let mut groups = OpenGroupIndex::default();
        let name = |raw: &str| GroupName::new(raw).unwrap();
        for (id, raw) in [
            (1, "Rust"),
            (2, "rustaceans"),
            (3, "ruby"),
            (4, "rust"),
            (5, "Öl"),
        ] {
            groups.set(ConversationId::new(id), Some(name(raw)));
        }
        let found = |groups: &OpenGroupIndex, prefix: Option<&str>| -> Vec<u64> {
            groups
                .find(prefix.map(name).as_ref())
                .map(ConversationId::get)
                .collect()
        };
        assert_eq!(found(&groups, Some("RUS")), [1, 4, 2]);
        assert_eq!(found(&groups, Some("öl")), [5]);
        assert_eq!(found(&groups, Some("rustaceans and more")), [0; 0]);
        assert_eq!(found(&groups, None), [3, 1, 4, 2, 5]);
        groups.set(ConversationId::new(4), Some(name("go")));
        groups.set(ConversationId::new(1), None);
        assert_eq!(found(&groups, Some("rust")), [2]);
        assert_eq!(found(&groups, Some("g")), [4]);
        assert_eq!(groups.name(ConversationId::new(1)), None);
    }
}
