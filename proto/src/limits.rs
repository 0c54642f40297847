//! Every limit of the wire. Names carry the unit; no other file repeats a number from here.

use std::time::Duration;

/// The largest frame in either direction, without its length prefix. A longer frame closes the
/// connection before anything is allocated for it.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;

/// The largest first frame of a connection, which arrives before authentication.
pub const HELLO_BYTES_MAX: usize = 4 * 1024;

/// The longest message text, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// The longest encoded log entry: a text of [`TEXT_BYTES_MAX`] bytes, or a preview and a caption,
/// with extras.
pub const ENTRY_BYTES_MAX: usize = 20 * 1024;

/// Extras of one message: replies, mentions and whatever else accompanies it.
pub const EXTRAS_MAX: usize = 64;

/// Extras that a client may send with one message. The remainder is reserved for those that the
/// server adds.
pub const EXTRAS_SENT_MAX: usize = 60;

/// The longest encoded extra.
pub const EXTRA_BYTES_MAX: usize = 4 * 1024;

/// Distinct reactions to one message.
pub const REACTION_KINDS_MAX: usize = 16;

/// Reactions to one message, over all emoji and users.
pub const REACTIONS_MAX: usize = 256;

/// The longest retention period, in days: a hundred years.
pub const RETENTION_DAYS_MAX: u32 = 36_525;

/// Pinned messages of one conversation.
pub const PINS_MAX: usize = 64;

/// The longest user name, in bytes of UTF-8.
pub const USER_NAME_BYTES_MAX: usize = 64;

/// The longest keyword of a user, in bytes of UTF-8.
pub const KEYWORD_BYTES_MAX: usize = 64;

/// Records in one page of the audit log.
pub const AUDIT_PAGE_MAX: usize = 100;

/// Keywords of one user.
pub const KEYWORDS_MAX: usize = 64;

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

/// The longest side of a picture or video, in pixels.
pub const PICTURE_SIDE_MAX: u32 = 65_535;

/// The largest picture or video, in pixels.
pub const PICTURE_PIXELS_MAX: u64 = 1 << 30;

/// The largest preview that an image or a video carries in its message. Together with the longest
/// caption it stays below the longest text.
pub const PREVIEW_BYTES_MAX: usize = 12 * 1024;

/// The longest caption of an attachment, in bytes of UTF-8.
pub const CAPTION_BYTES_MAX: usize = 4 * 1024;

/// Concurrent attachment transfers of one connection, in both directions together.
pub const TRANSFERS_PER_CONNECTION_MAX: usize = 4;

/// Invites in one page of a list.
pub const INVITES_PER_PAGE_MAX: usize = 100;

/// Users that the list of invites names for each, the first ones that joined with it.
pub const INVITED_SHOWN_MAX: usize = 100;

/// How long a link that resets a password is valid.
pub const RESET_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest password, in bytes of UTF-8.
pub const PASSWORD_BYTES_MIN: usize = 8;

/// The longest password, in bytes of UTF-8. Bounded because hashing costs processor time.
pub const PASSWORD_BYTES_MAX: usize = 128;

/// Unresolved sends of one send stream. The server remembers this many for deduplication and
/// refuses older retries as [`crate::wire::error::ErrorCode::RetryTooOld`].
pub const SENDS_IN_FLIGHT_MAX: usize = 1024;

/// Named send streams of one device: streams that the server never forgets.
pub const NAMED_STREAMS_PER_DEVICE: u64 = 8;

/// Unanswered requests of one session. The server stops reading the session stream at this limit.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 1024;

/// Messages in one response to a pull, or in one pushed run.
pub const RUN_MESSAGES_MAX: u32 = 500;

/// Encoded messages in one response to a pull, or in one pushed run, in bytes. A single message
/// always fits.
pub const RUN_BYTES_MAX: usize = 64 * 1024;

/// Messages of one conversation that the server pushes to a session that logs in with a backlog.
/// Beyond this, it sends only the head and the client pulls.
pub const PUSH_BACKLOG_MESSAGES_MAX: u64 = 500;

/// Users named in one request.
pub const USERS_PER_REQUEST_MAX: usize = 500;

/// Conversations in one page of an overview.
pub const CONVERSATIONS_PER_PAGE_MAX: usize = 500;

/// Entries that one request can mark as unread.
pub const MARKED_UNREAD_MAX: u64 = 1000;

/// Messages of the member's own among [`MARKED_UNREAD_MAX`].
pub const MARKED_OWN_MAX: usize = 64;

/// Members in one page of receipts.
pub const RECEIPTS_PER_PAGE_MAX: usize = 200;

/// Members of a conversation for which the server counts receipts. In larger ones the client adds
/// up pages.
pub const RECEIPTS_COUNTED_MAX: usize = 1000;

/// Members whose cursors one pushed receipt update carries.
pub const RECEIPT_CURSORS_MAX: usize = 64;

/// Encoded last entries in one page of an overview, in bytes.
pub const OVERVIEW_LAST_BYTES_MAX: usize = 128 * 1024;

/// Members in one page of a member list.
pub const MEMBERS_PER_PAGE_MAX: usize = 500;

/// Contacts in one page of a contact list.
pub const CONTACTS_PER_PAGE_MAX: usize = 500;

/// Users in one page of a search by name prefix.
pub const USERS_PER_PAGE_MAX: usize = 100;

/// Users in one request for profiles, chosen so that the largest profiles fit into one frame.
pub const PROFILES_PER_REQUEST_MAX: usize = 48;

/// The largest datagram of either direction.
pub const DATAGRAM_BYTES_MAX: usize = 64;

/// The interval at which a typing client repeats its indicator.
pub const TYPING_INTERVAL: Duration = Duration::from_secs(2);

/// Users whose presence one session may watch.
pub const WATCHED_USERS_MAX: usize = 200;

/// The longest display name, in bytes of UTF-8.
pub const DISPLAY_NAME_BYTES_MAX: usize = 128;

/// The longest profile description, in bytes of UTF-8.
pub const ABOUT_BYTES_MAX: usize = 1024;

/// The largest avatar, in bytes. It travels inside the profile.
pub const AVATAR_BYTES_MAX: usize = 4 * 1024;

/// The longest name of a setting, in bytes.
pub const SETTING_NAME_BYTES_MAX: usize = 32;

/// The longest value of a setting, in bytes.
pub const SETTING_VALUE_BYTES_MAX: usize = 64;

/// Entries in one import request.
pub const IMPORT_ENTRIES_MAX: usize = 500;

/// Buckets of one histogram.
pub const HISTOGRAM_BUCKETS_MAX: usize = 4 * 1024;

/// Uses of one invite.
pub const INVITE_USES_MAX: u32 = 10_000;

/// The longest lifetime of an invite.
pub const INVITE_LIFE_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Devices of one user.
pub const DEVICES_PER_USER_MAX: usize = 64;

/// Members of one conversation.
pub const MEMBERS_PER_CONVERSATION_MAX: usize = 1_000_000;

/// Banned users of one group.
pub const BANNED_USERS_MAX: usize = 1000;

/// Groups in one response to a search for open groups.
pub const GROUPS_FOUND_MAX: usize = 100;

/// The longest search term, in bytes of UTF-8.
pub const SEARCH_TERM_BYTES_MAX: usize = 256;

/// The longest search query that clients parse, in bytes of UTF-8.
pub const SEARCH_TEXT_BYTES_MAX: usize = 4 * 1024;

/// Groups of a search query, all of which a message must satisfy.
pub const SEARCH_GROUPS_MAX: usize = 32;

/// Conditions of a search query, over all groups.
pub const SEARCH_CONDITIONS_MAX: usize = 64;

/// Highlighted parts of one text that a search found.
pub const SEARCH_SPANS_MAX: usize = 64;

/// The time within which a connection must log in before the server closes it.
pub const LOGIN_TIME_MAX: Duration = Duration::from_secs(5);

/// The idle timeout of a connection. Clients send keep-alives at a sixth of it.
pub const IDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// Hits in one answer to a search.
pub const SEARCH_HITS_MAX: u32 = 50;

/// Blocks of messages that one search request reads, each of up to 64 messages.
pub const SEARCH_BUDGET_MAX: u32 = 8 * 1024;

/// Conversations that one search covers: those of the user with the latest activity.
pub const SEARCH_CONVERSATIONS_MAX: usize = 8 * 1024;

/// The longest text of the support desk, such as a greeting or a canned reply, in bytes of UTF-8.
pub const DESK_TEXT_BYTES_MAX: usize = 2 * 1024;

/// The longest tag of an inquiry, in bytes of UTF-8.
pub const TAG_BYTES_MAX: usize = 64;

/// Tags of one inquiry, and topics of one queue.
pub const TAGS_MAX: usize = 32;

/// The longest address of a visitor's page, in bytes of UTF-8.
pub const PAGE_URL_BYTES_MAX: usize = 1024;

/// Attributes of one visitor.
pub const ATTRS_MAX: usize = 32;

/// The longest name of a visitor's attribute, in bytes.
pub const ATTR_NAME_BYTES_MAX: usize = 32;

/// The longest value of a visitor's attribute, in bytes of UTF-8.
pub const ATTR_VALUE_BYTES_MAX: usize = 256;

/// The longest name of a language, in bytes.
pub const LANGUAGE_BYTES_MAX: usize = 35;

/// The longest name of a time zone, in bytes.
pub const ZONE_NAME_BYTES_MAX: usize = 64;

/// The longest signed identity of a visitor, in bytes.
pub const IDENTITY_BYTES_MAX: usize = 2 * 1024;

/// Queues of one server.
pub const QUEUES_MAX: usize = 256;

/// Queues that one agent serves, and queues that one agent supervises.
pub const AGENT_QUEUES_MAX: usize = 64;

/// Inquiries that one agent may hold at once by their capacity. Transfers and taking by hand may
/// exceed it up to twice.
pub const CAPACITY_MAX: u16 = 100;

/// Inquiries that may wait in one queue.
pub const WAITING_MAX: u32 = 100_000;

/// The highest priority of an inquiry.
pub const PRIORITY_MAX: u8 = 9;

/// The priority of an inquiry for which no rule says another one.
pub const PRIORITY_NORMAL: u8 = 4;

/// The most stars of a rating. The least are one.
pub const STARS_MAX: u8 = 5;

/// The range of seconds within which an offered inquiry must be accepted.
pub const OFFER_SECONDS: std::ops::RangeInclusive<u16> = 5..=600;

/// The longest time in seconds that an absent agent keeps what they hold.
pub const ABSENCE_SECONDS_MAX: u16 = 600;

/// The longest time in seconds of a delay, an overflow or an idle close: 30 days.
pub const DESK_SECONDS_MAX: u32 = 30 * 24 * 60 * 60;

/// The longest time in days for which a visitor returns to their last agent.
pub const STICKY_DAYS_MAX: u16 = 365;

/// Spans of the weekly hours of a queue.
pub const WEEK_SPANS_MAX: usize = 64;

/// Spans of single days in the hours of a queue.
pub const DAY_SPANS_MAX: usize = 366;

/// Routing rules of one server.
pub const ROUTE_RULES_MAX: usize = 200;

/// Conditions of one routing rule.
pub const ROUTE_CONDITIONS_MAX: usize = 8;

/// Canned replies of one server.
pub const CANNED_MAX: usize = 500;

/// Canned replies in one answer.
pub const CANNED_FOUND_MAX: usize = 50;

/// Inquiries in one page.
pub const INQUIRIES_PER_PAGE_MAX: usize = 50;

/// The size of a page of queues, agents or inquiries in bytes, beside its last item.
pub const DESK_PAGE_BYTES_MAX: usize = 128 * 1024;

/// Agents in the explanation of an inquiry.
pub const CANDIDATES_MAX: usize = 200;

/// The longest text that a visitor may send, in bytes of UTF-8.
pub const VISITOR_TEXT_BYTES_MAX: usize = 2 * 1024;

/// The longest first line of an offered inquiry, in bytes of UTF-8.
pub const OFFER_LINE_BYTES_MAX: usize = 256;

/// Desk keys of one server.
pub const DESK_KEYS_MAX: usize = 256;
