//! Every bound of the wire. Names carry the unit; no other file repeats a number from here.

use std::time::Duration;

/// The largest frame of either direction, without its length prefix. A longer one ends the
/// connection before anything is allocated.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;

/// The largest first frame of a connection: nobody who has not logged in needs more.
pub const HELLO_BYTES_MAX: usize = 4 * 1024;

/// The longest message text, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// The longest encoded entry of a log: a text of [`TEXT_BYTES_MAX`], or a preview and a caption,
/// and what goes with it.
pub const ENTRY_BYTES_MAX: usize = 20 * 1024;

/// Extras of one message: what it answers, whom it mentions, and whatever else goes with it.
pub const EXTRAS_MAX: usize = 64;

/// Extras that a client may send with one message. The others are for what the server adds.
pub const EXTRAS_SENT_MAX: usize = 60;

/// The longest encoded extra.
pub const EXTRA_BYTES_MAX: usize = 4 * 1024;

/// Kinds of reactions to one message.
pub const REACTION_KINDS_MAX: usize = 16;

/// Reactions to one message, of all kinds and users.
pub const REACTIONS_MAX: usize = 256;

/// The longest time that a policy of retention names, in days: a hundred years.
pub const RETENTION_DAYS_MAX: u32 = 36_525;

/// Pinned messages of one conversation.
pub const PINS_MAX: usize = 64;

/// The longest user name, in bytes of UTF-8.
pub const USER_NAME_BYTES_MAX: usize = 64;

/// The longest group name, in bytes of UTF-8.
pub const GROUP_NAME_BYTES_MAX: usize = 128;

/// The longest topic of a group, in bytes of UTF-8.
pub const TOPIC_BYTES_MAX: usize = 512;

/// The longest device name, in bytes of UTF-8.
pub const DEVICE_NAME_BYTES_MAX: usize = 64;

/// The longest host name (RFC 1035, section 2.3.4).
pub const HOST_BYTES_MAX: usize = 255;

/// The longest file name of an attachment, in bytes of UTF-8.
pub const FILE_NAME_BYTES_MAX: usize = 255;

/// The longest media type, in bytes.
pub const MEDIA_TYPE_BYTES_MAX: usize = 127;

/// The largest preview that an image or a video carries in its message. With the longest caption it
/// is as long as the longest text.
pub const PREVIEW_BYTES_MAX: usize = 12 * 1024;

/// The longest caption of an attachment, in bytes of UTF-8.
pub const CAPTION_BYTES_MAX: usize = 4 * 1024;

/// Transfers of attachments that a connection may have under way at once, both ways together.
pub const TRANSFERS_PER_CONNECTION_MAX: usize = 4;

/// The shortest password, in bytes of UTF-8.
pub const PASSWORD_BYTES_MIN: usize = 8;

/// The longest password, in bytes of UTF-8: it is hashed, and hashing is work.
pub const PASSWORD_BYTES_MAX: usize = 128;

/// Sends that a client may have unresolved on one send stream. A retry that lies further back is
/// refused as [`crate::wire::error::ErrorCode::RetryTooOld`], so a client that keeps to this bound
/// never meets that answer.
pub const SENDS_IN_FLIGHT_MAX: usize = 1024;

/// Requests of one session that may wait for their answers. The server stops reading the session
/// stream beyond it.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 1024;

/// Messages in one answer to a pull, and in one pushed run.
pub const RUN_MESSAGES_MAX: u32 = 500;

/// Encoded messages in one answer to a pull, or in one pushed run, in bytes. One message always
/// fits.
pub const RUN_BYTES_MAX: usize = 64 * 1024;

/// Messages of one conversation that a session is pushed when it starts behind. Beyond it the
/// client is told the distance and pulls.
pub const PUSH_BACKLOG_MESSAGES_MAX: u64 = 500;

/// Users named in one request.
pub const USERS_PER_REQUEST_MAX: usize = 500;

/// Conversations in one page of an overview.
pub const CONVERSATIONS_PER_PAGE_MAX: usize = 500;

/// Entries that a member can mark as unread at once.
pub const MARKED_UNREAD_MAX: u64 = 1000;

/// Messages of the member's own among them.
pub const MARKED_OWN_MAX: usize = 64;

/// Members in one page of receipts.
pub const RECEIPTS_PER_PAGE_MAX: usize = 200;

/// Members of a conversation in which those who have got and read a message are counted by the
/// server.
pub const RECEIPTS_COUNTED_MAX: usize = 1000;

/// Members whose cursors one hint of receipts carries.
pub const RECEIPT_CURSORS_MAX: usize = 64;

/// Last entries in one page of an overview, encoded, in bytes.
pub const OVERVIEW_LAST_BYTES_MAX: usize = 128 * 1024;

/// Members in one page of a member list.
pub const MEMBERS_PER_PAGE_MAX: usize = 500;

/// Contacts in one page of a contact list.
pub const CONTACTS_PER_PAGE_MAX: usize = 500;

/// Users in one page of those whose names begin in the same way.
pub const USERS_PER_PAGE_MAX: usize = 100;

/// Users whose profiles one request asks for: so many of the largest fit into one frame.
pub const PROFILES_PER_REQUEST_MAX: usize = 48;

/// The largest datagram of either direction.
pub const DATAGRAM_BYTES_MAX: usize = 64;

/// How often a client says that its user is typing.
pub const TYPING_INTERVAL: Duration = Duration::from_secs(2);

/// Users whose presence one session watches.
pub const WATCHED_USERS_MAX: usize = 200;

/// The longest display name, in bytes of UTF-8.
pub const DISPLAY_NAME_BYTES_MAX: usize = 128;

/// The longest text that a user says of himself, in bytes of UTF-8.
pub const ABOUT_BYTES_MAX: usize = 1024;

/// The largest avatar, in bytes: it travels with everything else that a user says of himself.
pub const AVATAR_BYTES_MAX: usize = 4 * 1024;

/// The longest name of a setting, in bytes.
pub const SETTING_NAME_BYTES_MAX: usize = 32;

/// The longest value of a setting, in bytes.
pub const SETTING_VALUE_BYTES_MAX: usize = 64;

/// Entries in one import request.
pub const IMPORT_ENTRIES_MAX: usize = 500;

/// Buckets of one histogram.
pub const HISTOGRAM_BUCKETS_MAX: usize = 4 * 1024;

/// Uses that one invite can have.
pub const INVITE_USES_MAX: u32 = 10_000;

/// The longest life of an invite.
pub const INVITE_LIFE_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Devices of one user.
pub const DEVICES_PER_USER_MAX: usize = 64;

/// Members of one conversation.
pub const MEMBERS_PER_CONVERSATION_MAX: usize = 1_000_000;

/// Users who are banned from one group.
pub const BANNED_USERS_MAX: usize = 1000;

/// Open groups in one answer to a search.
pub const GROUPS_FOUND_MAX: usize = 100;

/// A connection that has not logged in after this time is closed.
pub const LOGIN_TIME_MAX: Duration = Duration::from_secs(5);

/// A connection that is silent for this long is over. Clients keep theirs alive at a sixth of it.
pub const IDLE_TIME_MAX: Duration = Duration::from_secs(30);
