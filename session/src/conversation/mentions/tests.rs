use cairn_client::proto::content::extras::Extra;
use cairn_client::proto::ids::{ConversationId, Timestamp};
use cairn_client::proto::text::Text;

use super::*;

const ME: UserId = UserId::new(1);

fn id(msgid: u64) -> MsgId {
    MsgId::new(msgid)
}

fn entry(msgid: u64, body: Body, is_named: bool) -> Message {
    let mention = is_named.then_some(Extra::Mention(ME));
    Message {
        conversation: ConversationId::new(1),
        msgid: id(msgid),
        sender: UserId::new(2),
        sent_at: Timestamp::new(0),
        body,
        extras: Extras::new(mention.into_iter().collect()).unwrap(),
    }
}

fn named(msgid: u64) -> Message {
    entry(msgid, Body::Text(Text::new("m").unwrap()), true)
}

fn recall(msgid: u64, of: u64) -> Message {
    let recalled = Amendment::Recalled { msgid: id(of) };
    entry(msgid, Body::Amendment(recalled), false)
}

fn stated(base: u64, head: u64, mentions: u64) -> Statement {
    Statement {
        base: id(base),
        head: id(head),
        mentions,
    }
}

fn after(log: &[Message]) -> Mentions {
    let mut mentions = Mentions::new(ME, stated(0, 0, 0), MsgId::ZERO);
    log.iter().for_each(|message| mentions.follow(message));
    mentions
}

fn known(mentions: &Mentions) -> Option<u64> {
    mentions.is_known().then(|| mentions.count())
}

#[test]
fn mentions_count_until_a_statement_says_otherwise() {
    let mut mentions = after(&[named(1)]);
    assert_eq!(known(&mentions), Some(1));
    mentions.state(stated(0, 1, 0));
    assert_eq!(known(&mentions), Some(0));
    mentions.follow(&named(2));
    assert_eq!(known(&mentions), Some(1));
    mentions.follow(&recall(3, 1));
    assert_eq!(known(&mentions), Some(1), "it did not count");
    mentions.follow(&recall(4, 2));
    assert_eq!(known(&mentions), Some(0));
}

#[test]
fn order_of_statement_and_entries_does_not_matter() {
    let mut early = after(&[]);
    early.state(stated(0, 2, 1));
    [named(1), named(2), named(3)]
        .iter()
        .for_each(|message| early.follow(message));
    let mut late = after(&[named(1), named(2), named(3)]);
    late.state(stated(0, 2, 1));
    assert_eq!([known(&early), known(&late)], [Some(2), Some(2)]);
}

#[test]
fn statements_one_by_one_tell_which_mention_counts() {
    let mut mentions = after(&[named(1), named(2)]);
    mentions.state(stated(0, 1, 1));
    mentions.state(stated(0, 2, 1));
    mentions.move_to(id(1));
    assert_eq!(known(&mentions), Some(0));
    mentions.move_to(MsgId::ZERO);
    assert_eq!(known(&mentions), Some(1));
}

#[test]
fn doubt_ends_with_a_new_statement() {
    let mut mentions = after(&[named(1), named(2)]);
    mentions.state(stated(0, 2, 1));
    assert_eq!(known(&mentions), Some(1), "whichever it is");
    let mut recalled = mentions.clone();
    recalled.follow(&recall(3, 1));
    mentions.move_to(id(1));
    for doubtful in [&mut mentions, &mut recalled] {
        assert_eq!(known(doubtful), None);
        doubtful.state(stated(1, 3, 1));
        assert_eq!(known(doubtful), Some(1));
    }
}

#[test]
fn statement_from_before_a_recall_is_not_compared() {
    let mut mentions = after(&[named(1), named(2), recall(3, 1)]);
    mentions.state(stated(0, 2, 1));
    assert_eq!(known(&mentions), None);
    mentions.state(stated(0, 3, 0));
    assert_eq!(known(&mentions), Some(0));
}

#[test]
fn missing_entries_make_the_count_unknown() {
    let mut mentions = after(&[named(1)]);
    mentions.follow(&named(3));
    assert_eq!(known(&mentions), None);
    mentions.state(stated(0, 3, 3));
    assert_eq!(known(&mentions), Some(3));
}

#[test]
fn old_mentions_are_only_counted() {
    let count = 3 * NAMED_MAX as u64;
    let mut mentions = after(&(1..=count).map(named).collect::<Vec<_>>());
    assert!(mentions.named.len() <= NAMED_MAX);
    assert_eq!(known(&mentions), Some(count));
    mentions.state(stated(0, count, count - 1));
    assert_eq!(known(&mentions), Some(count - 1));
}
