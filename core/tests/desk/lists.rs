//! Lists are complete, whatever they hold: in pages that fit into a frame.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::{
    CANNED_MAX, CAPACITY_MAX, DESK_SECONDS_MAX, DESK_TEXT_BYTES_MAX, DISPLAY_NAME_BYTES_MAX,
    FRAME_BYTES_MAX, QUEUES_MAX,
};
use cairn_proto::model::desk::{AgentConfig, AgentQueue, AnswerMode, InquiryFilter, InquiryPlace};
use cairn_proto::text::DeskText;
use cairn_proto::wire::codec;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Page;
use cairn_proto::wire::request::desk::{
    CloseInquiry, GetMyDesk, ListAgents, ListCanned, ListInquiries, ListQueues, ReopenInquiry,
    SetAgent, SetCanned, TakeInquiry,
};
use serde::Serialize;

use super::world::{OWNER, World, config, served};

const AGENT: UserId = UserId::new(2);

fn long_text() -> DeskText {
    DeskText::new("x".repeat(DESK_TEXT_BYTES_MAX)).unwrap()
}

/// Checks that an answer fits into a frame, with what surrounds it.
fn fits<T: Serialize>(answer: &T) {
    let bytes = codec::encode(answer).len();
    assert!(bytes <= FRAME_BYTES_MAX - 1024, "{bytes} bytes");
}

/// Reads all pages. Returns the items, and how many pages there were.
fn pages<T: Serialize>(mut next: impl FnMut(Option<&T>) -> Page<T>) -> (Vec<T>, usize) {
    let (mut all, mut pages) = (Vec::<T>::new(), 0);
    loop {
        let page = next(all.last());
        fits(&page);
        assert!(
            !page.items.is_empty() || !page.more,
            "a page without an end"
        );
        pages += 1;
        let more = page.more;
        all.extend(page.items);
        if !more {
            return (all, pages);
        }
    }
}

#[test]
fn all_queues_and_canned_replies_are_listed() {
    let mut world = World::new(1);
    let mut created = Vec::new();
    for number in 0..QUEUES_MAX {
        let mut queue = config(&format!("queue {number}"));
        (queue.greeting, queue.offline) = (long_text(), long_text());
        created.push(world.queue(queue));
    }
    let (all, count) = pages(|last: Option<&cairn_proto::model::desk::QueueInfo>| {
        let after = last.map(|info| info.counts.queue);
        world.ask(OWNER, ListQueues { after }).unwrap()
    });
    let ids: Vec<ConversationId> = all.iter().map(|info| info.counts.queue).collect();
    assert_eq!(ids, created);
    assert!(count > 1, "one page holds {count} queues");

    for number in 0..CANNED_MAX {
        let name = format!("reply-{number:03}").parse().unwrap();
        let text = Some(long_text());
        world.ask(OWNER, SetCanned { name, text }).unwrap();
    }
    let (all, count) = pages(|last: Option<&cairn_proto::model::desk::Canned>| {
        let after = last.map(|canned| canned.name.clone());
        let prefix = Some("reply-".parse().unwrap());
        world.ask(OWNER, ListCanned { prefix, after }).unwrap()
    });
    assert_eq!((all.len(), count), (CANNED_MAX, 10));
    assert!(all.is_sorted_by(|a, b| a.name < b.name));
}

/// The longest form of a queue that an agent serves.
fn served_late(queue: ConversationId) -> AgentQueue {
    AgentQueue {
        delay_seconds: DESK_SECONDS_MAX,
        ..served(queue)
    }
}

#[test]
fn all_agents_of_a_queue_are_listed() {
    const AGENTS: u32 = 300;
    let mut world = World::new(AGENTS);
    let queues: Vec<_> = (0..64)
        .map(|number| world.queue(config(&format!("queue {number}"))))
        .collect();
    for user in (2..2 + AGENTS).map(UserId::new) {
        let config = AgentConfig {
            public_name: Some("n".repeat(DISPLAY_NAME_BYTES_MAX).parse().unwrap()),
            capacity: 5,
            queues: queues.iter().copied().map(served_late).collect(),
            supervises: queues.clone(),
        };
        world.ask(OWNER, SetAgent { user, config }).unwrap();
    }
    for queue in [None, Some(queues[3])] {
        let (all, count) = pages(|last: Option<&cairn_proto::model::desk::AgentInfo>| {
            let after = last.map(|agent| agent.user.id);
            world.ask(OWNER, ListAgents { queue, after }).unwrap()
        });
        let users: Vec<u32> = all.iter().map(|agent| agent.user.id.get()).collect();
        assert_eq!(users, (2..2 + AGENTS).collect::<Vec<_>>());
        assert!(count > 1, "one page holds {count} agents");
    }
}

/// An agent with twice the largest capacity, and visitors who say as much as they may.
#[test]
fn everything_that_an_agent_holds_is_listed() {
    let mut world = World::new(1);
    let mut queue = config("sales");
    queue.answer = AnswerMode::Manual;
    (queue.greeting, queue.offline) = (long_text(), long_text());
    let queue = world.queue(queue);
    world.key(queue);
    world.agent(AGENT, CAPACITY_MAX, &[served(queue)]);
    let most = 2 * u64::from(CAPACITY_MAX);
    for number in 0..most {
        let conversation = world.open_at_length(number).conversation;
        world.ask(AGENT, TakeInquiry { conversation }).unwrap();
    }
    let (mut held, mut after, mut count) = (Vec::new(), None, 0);
    loop {
        let page = world.ask(AGENT, GetMyDesk { after }).unwrap();
        fits(&page);
        assert!(after.is_none() || page.queues.is_empty());
        held.extend(page.held.iter().map(|info| info.conversation));
        (after, count) = (page.next_after, count + 1);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(held, world.inquiries);
    assert!(count > 1, "one page holds {count} inquiries");
}

/// Reads the list of closed inquiries in pages.
fn closed(world: &mut World, queue: ConversationId, limit: u32) -> Vec<ConversationId> {
    let (mut all, mut after) = (Vec::new(), None::<InquiryPlace>);
    loop {
        let list = ListInquiries {
            queue,
            filter: InquiryFilter::Closed,
            after,
            limit,
        };
        let page = world.ask(OWNER, list).unwrap();
        fits(&page);
        assert!(page.items.len() <= limit as usize);
        all.extend(page.items.iter().map(|info| info.conversation));
        after = page.next_after;
        if after.is_none() {
            return all;
        }
    }
}

#[test]
fn inquiries_that_were_closed_last_are_listed_first() {
    let mut world = World::new(1);
    let mut queue = config("sales");
    queue.answer = AnswerMode::Assign;
    let queue = world.queue(queue);
    world.key(queue);
    world.agent(AGENT, CAPACITY_MAX, &[served(queue)]);
    for number in 0..60 {
        world.open_at_length(number);
    }
    let opened = world.inquiries.clone();
    let mut expected = Vec::new();
    let tags = Vec::new;
    // Neither in the order in which they were opened, nor one a moment.
    for at in (0..60).map(|n| n * 7 % 60) {
        world.tick((at % 3) as u64);
        let conversation = opened[at];
        let close = CloseInquiry {
            conversation,
            tags: tags(),
        };
        world.ask(AGENT, close).unwrap();
        expected.push((world.now, conversation));
    }
    expected.sort_unstable();
    expected.reverse();
    let mut expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    for limit in [1, 7, 50, 1_000] {
        assert_eq!(closed(&mut world, queue, limit), expected, "{limit}");
    }
    let conversation = expected.remove(20);
    world.ask(AGENT, ReopenInquiry { conversation }).unwrap();
    world.replay();
    assert_eq!(closed(&mut world, queue, 50), expected);
    world.tick(1);
    let close = CloseInquiry {
        conversation,
        tags: tags(),
    };
    world.present(AGENT, true);
    world.ask(AGENT, close).unwrap();
    expected.insert(0, conversation);
    assert_eq!(closed(&mut world, queue, 50), expected);
    let list = ListInquiries {
        queue,
        filter: InquiryFilter::Closed,
        after: None,
        limit: 50,
    };
    assert_eq!(world.ask(AGENT, list), Err(ErrorCode::Forbidden));
}
