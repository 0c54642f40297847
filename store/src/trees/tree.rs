//! The list of the trees.

macro_rules! trees {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// A tree.
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
    /// Blocks of messages.
    Messages = "messages",
    /// Conversations.
    Conversations = "conversations",
    /// Memberships, by conversation.
    Members = "members",
    /// Entries that do not count as unread.
    Uncounted = "uncounted",
    /// Messages that mention somebody.
    Mentions = "mentions",
    /// Pinned messages.
    Pins = "pins",
    /// How long messages stay.
    Retention = "retention",
    /// Send cursors.
    Cursors = "cursors",
    /// Sends that a retry can still ask for.
    Recent = "recent",
    /// Users.
    Users = "users",
    /// Devices.
    Devices = "devices",
    /// Invites.
    Invites = "invites",
    /// Memberships, by user.
    Memberships = "memberships",
    /// Import cursors.
    Imports = "imports",
    /// What is agreed on in groups.
    Groups = "groups",
    /// The names of open groups.
    OpenGroups = "open_groups",
    /// What users are to others.
    Relations = "relations",
    /// How users present themselves.
    Profiles = "profiles",
    /// What the owner of the server has set.
    Settings = "settings",
    /// When memberships ended.
    Ended = "ended",
    /// Attachments.
    Attachments = "attachment_records",
    /// Attachments that no message names.
    Unused = "unused",
    /// What messages name.
    Attached = "attached",
    /// What the uploads of users take.
    AttachmentBytes = "attachment_bytes",
    /// What there is one of.
    Meta = "meta",
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
