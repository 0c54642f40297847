//! The list of the trees.

macro_rules! trees {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Tree {
            $($(#[$doc])* $name,)+
        }

        impl Tree {
            /// Every tree, in the order in which a checkpoint writes them.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name in sled. It never changes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

trees! {
    Messages = "messages",
    Conversations = "conversations",
    Members = "members",
    /// Entries that do not count as unread.
    Uncounted = "uncounted",
    Mentions = "mentions",
    Pins = "pins",
    /// Retention policies.
    Retention = "retention",
    Cursors = "cursors",
    /// Sends that a retry may repeat.
    Recent = "recent",
    Users = "users",
    Devices = "devices",
    Links = "invites",
    Memberships = "memberships",
    Imports = "imports",
    /// Group settings.
    Groups = "groups",
    OpenGroups = "open_groups",
    Relations = "relations",
    Profiles = "profiles",
    /// Server settings.
    Settings = "settings",
    Ended = "ended",
    Attachments = "attachment_records",
    /// Unreferenced attachments.
    Unused = "unused",
    /// The attachments that messages refer to.
    Attached = "attached",
    /// The quota used by each user's uploads.
    AttachmentBytes = "attachment_bytes",
    /// The audit log.
    Audit = "audit",
    /// The support desk.
    Queues = "desk_queues",
    QueueHours = "desk_hours",
    Agents = "desk_agents",
    /// Closed inquiries, those that were closed last first. Written before the inquiries, so that a
    /// replay finds the place that a stored one had.
    ClosedInquiries = "desk_closed",
    Inquiries = "desk_inquiries",
    /// The inquiries that are open.
    OpenInquiries = "desk_open",
    /// Who asks in inquiries.
    Askers = "desk_askers",
    Visitors = "desk_visitors",
    DeskKeys = "desk_keys",
    Canned = "desk_canned",
    /// Single values, by [`super::MetaKey`].
    Meta = "meta",
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
