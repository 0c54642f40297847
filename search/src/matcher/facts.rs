//! What is known of a message: decoded, or in its packed form.

use cairn_proto::content::attachment::Attachment;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extra;
use cairn_proto::content::message::{Entry, EntryHead};
use cairn_proto::ids::ConversationId;
use cairn_proto::model::search::{Feature, Mark, Test};
use cairn_text::{Block, Inline, Names};

use crate::fold::fold_into;

use super::plain::is_plain;
use super::sieve::may_link;
use super::words::Words;

/// A message, and what is known of it beside its entry.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The conversation of the message.
    pub conversation: ConversationId,
    /// The message as it is now.
    pub entry: &'a Entry,
    /// Whether it is pinned in its conversation.
    pub is_pinned: bool,
    /// Whether it is unread by the searching user.
    pub is_unread: bool,
}

/// Buffers that are reused from message to message.
#[derive(Debug, Default)]
pub struct Scratch {
    words: String,
    file_name: String,
}

impl Facts<'_> {
    /// Returns whether the message passes a test. Tests of words are not made here.
    pub(super) fn satisfy(&self, test: &Test) -> bool {
        let Entry { body, extras, .. } = self.entry;
        match test {
            Test::From(user) => self.entry.sender == *user,
            Test::In(conversation) => self.conversation == *conversation,
            Test::Sent(period) => period.contains(self.entry.sent_at),
            Test::Has(Feature::File) => body.attachment().is_some(),
            Test::Has(Feature::Image) => {
                matches!(body, Body::Image(_)) || is_of_type(body, "image/")
            }
            Test::Has(Feature::Video) => {
                matches!(body, Body::Video(_)) || is_of_type(body, "video/")
            }
            Test::Has(Feature::Link) => body.words().is_some_and(has_link),
            Test::Has(Feature::Reaction) => !extras.reactions().is_empty(),
            Test::Is(Mark::Pinned) => self.is_pinned,
            Test::Is(Mark::Edited) => extras.edited().is_some(),
            Test::Is(Mark::Unread) => self.is_unread,
            Test::Mentions(user) => extras.iter().any(|extra| match extra {
                Extra::Mention(mentioned) => mentioned == user,
                Extra::MentionAll => true,
                _ => false,
            }),
            Test::Word(_) | Test::Prefix(_) | Test::Phrase(_) | Test::Literal(_) => false,
        }
    }
}

fn is_of_type(body: &Body, top: &str) -> bool {
    let declared = body.attachment().map(|file| file.media_type.as_str());
    let declared = declared.and_then(|declared| declared.get(..top.len()));
    declared.is_some_and(|declared| declared.eq_ignore_ascii_case(top))
}

fn has_link(text: &str) -> bool {
    may_link(text.as_bytes()) && blocks_link(&cairn_text::parse(text, &Names::<()>::none()))
}

fn blocks_link(blocks: &[Block<()>]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Paragraph(lines) => lines.iter().any(|line| line_links(line)),
        Block::List(items) => items.iter().any(|item| line_links(&item.line)),
        Block::Quote(blocks) => blocks_link(blocks),
        Block::Code { .. } => false,
    })
}

fn line_links(line: &[Inline<()>]) -> bool {
    line.iter().any(|inline| match inline {
        Inline::Link { .. } | Inline::Permalink { .. } => true,
        Inline::Bold(inner) | Inline::Italic(inner) | Inline::Struck(inner) => line_links(inner),
        Inline::Text(_) | Inline::Code(_) | Inline::Mention { .. } | Inline::Emoji { .. } => false,
    })
}

/// The texts of a message, folded when the first test needs them.
pub(crate) struct Fields<'a> {
    pub(super) words: &'a str,
    pub(super) file_name: &'a str,
    scratch: &'a mut Scratch,
    is_folded: bool,
}

/// The folded texts of a message.
#[derive(Clone, Copy)]
pub(crate) struct Folded<'a> {
    pub(crate) words: &'a str,
    pub(crate) file_name: &'a str,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(entry: &'a Entry, scratch: &'a mut Scratch) -> Self {
        let file_name = |file: &'a Attachment| file.name.as_str();
        Self {
            words: entry.body.words().unwrap_or_default(),
            file_name: entry.body.attachment().map_or("", file_name),
            scratch,
            is_folded: false,
        }
    }

    pub(crate) fn folded(&mut self) -> Folded<'_> {
        if !self.is_folded {
            self.is_folded = true;
            self.scratch.words.clear();
            fold_into(self.words, &mut self.scratch.words);
            self.scratch.file_name.clear();
            fold_into(self.file_name, &mut self.scratch.file_name);
        }
        Folded {
            words: &self.scratch.words,
            file_name: &self.scratch.file_name,
        }
    }
}

/// A message in its packed form.
pub(crate) struct Raw<'a> {
    conversation: ConversationId,
    head: EntryHead<'a>,
    /// Determined when the first test needs it.
    is_plain: Option<bool>,
}

impl<'a> Raw<'a> {
    pub(crate) fn new(conversation: ConversationId, head: EntryHead<'a>) -> Self {
        Self {
            conversation,
            head,
            is_plain: None,
        }
    }

    /// Returns the raw words if they are plain.
    pub(crate) fn plain_words(&mut self) -> Option<&'a [u8]> {
        let words = self.head.words?;
        self.is_plain
            .get_or_insert_with(|| is_plain(words))
            .then_some(words)
    }

    /// Returns `false` only if the message does not contain the words.
    pub(super) fn may_contain(&mut self, words: &Words) -> bool {
        let (Some(text), Some(sieve)) = (self.head.words, &words.sieve) else {
            return true;
        };
        sieve.passes(text) || self.plain_words().is_none()
    }

    /// Returns whether the message passes a test that is not one of words, if that can be told.
    pub(super) fn satisfies(&self, test: &Test) -> Option<bool> {
        let absent = |is_absent: bool| is_absent.then_some(false);
        match test {
            Test::From(user) => Some(self.head.sender == *user),
            Test::In(conversation) => Some(self.conversation == *conversation),
            Test::Sent(period) => Some(period.contains(self.head.sent_at)),
            Test::Has(Feature::File | Feature::Image | Feature::Video) => {
                absent(self.head.words.is_some())
            }
            Test::Has(Feature::Link) => absent(!self.head.words.is_none_or(may_link)),
            Test::Has(Feature::Reaction) | Test::Is(Mark::Edited) | Test::Mentions(_) => {
                absent(!self.head.has_extras)
            }
            _ => None,
        }
    }
}
