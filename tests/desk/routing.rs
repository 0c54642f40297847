//! Who gets an inquiry, when several agents want it, and what happens when they go.

use std::time::Duration;

use cairn_client::proto::model::desk::{AnswerMode, DeskUpdate, Duty, OfferEnd, VisitorState};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::{TimelineFrame, Update};
use cairn_client::proto::wire::request::desk::{
    AcceptInquiry, GetInquiry, GetMyDesk, MyInquiry, RefuseInquiry, SetDuty, TakeInquiry,
};

use crate::desk::Desk;
use crate::desk::people::{Agent, Pushed};

fn offers(seconds: u16) -> impl FnOnce(&mut cairn_client::proto::model::desk::QueueConfig) {
    move |config| config.answer = AnswerMode::Offer { seconds }
}

async fn offer_ends(pushed: &mut Pushed) -> OfferEnd {
    let ends = |frame: &TimelineFrame| match frame {
        TimelineFrame::Update(Update::Desk(DeskUpdate::OfferGone { why, .. })) => Some(*why),
        _ => None,
    };
    pushed.until("the offer ends", ends).await
}

/// Two agents in one chat, both talking to the visitor: reported of a system that claimed an
/// inquiry by a check and a later write.
#[tokio::test]
async fn two_agents_accept_one_offer() {
    let mut desk = Desk::open(|config| {
        config.answer = AnswerMode::Manual;
        config.may_take = true;
    })
    .await;
    let mut agents = Vec::new();
    for name in ["mei", "bob", "eve", "ada"] {
        agents.push(desk.agent(name, 5).await);
    }
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    let takes = agents.iter_mut().map(async |agent| {
        let taken = agent.ask(TakeInquiry { conversation }).await;
        taken.map(|()| agent.user())
    });
    let answers = join_all(takes.collect()).await;
    let holders: Vec<_> = answers.iter().filter_map(|answer| answer.ok()).collect();
    assert_eq!(holders.len(), 1, "{answers:?}");
    let refused = answers
        .iter()
        .filter(|answer| **answer == Err(ErrorCode::Taken));
    assert_eq!(refused.count(), 3, "{answers:?}");
    let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
    assert_eq!(info.state.agent(), Some(holders[0]));
}

/// An offer goes to all devices of an agent, and from all of them when one accepts.
#[tokio::test]
async fn offer_is_accepted_on_one_of_two_devices() {
    let mut desk = Desk::open(offers(60)).await;
    let account = desk.agent_account("mei", 5).await;
    let mut phone = Agent::connect(&desk.server, &account).await;
    let mut laptop = Agent::connect(&desk.server, &account).await;
    assert!(phone.is_agent && laptop.is_agent);
    phone.ask(SetDuty { duty: Duty::On }).await.unwrap();
    desk.until_ready("mei", account.user).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello\nagain").await.unwrap().conversation;
    let offer = phone.offer().await;
    assert_eq!(offer.info.conversation, conversation);
    assert_eq!(offer.first.as_str(), "hello");
    assert_eq!(laptop.offer().await, offer);
    // It is told again at a login.
    let mut tablet = Agent::connect(&desk.server, &account).await;
    let mine = tablet.ask(GetMyDesk::default()).await.unwrap();
    assert_eq!(mine.offers, [offer]);

    laptop.ask(AcceptInquiry { conversation }).await.unwrap();
    for device in [&mut phone, &mut laptop, &mut tablet] {
        assert_eq!(offer_ends(&mut device.pushed).await, OfferEnd::Accepted);
    }
    let again = phone.ask(AcceptInquiry { conversation }).await;
    assert!(again.is_ok() || again == Err(ErrorCode::Taken), "{again:?}");
    let mine = phone.ask(GetMyDesk::default()).await.unwrap();
    assert_eq!((mine.offers.len(), mine.held.len()), (0, 1));
}

#[tokio::test]
async fn offer_that_is_over_goes_to_the_next_agent() {
    let mut desk = Desk::open(offers(5)).await;
    let mut agents = [desk.agent("mei", 5).await, desk.agent("bob", 5).await];
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
    let first = info.state.agent().unwrap();
    agents.sort_by_key(|agent| agent.user() != first);
    let [first, second] = &mut agents;
    first.offer().await;
    assert_eq!(offer_ends(&mut first.pushed).await, OfferEnd::Expired);
    second.offer().await;
    second.ask(RefuseInquiry { conversation }).await.unwrap();
    assert_eq!(offer_ends(&mut second.pushed).await, OfferEnd::Refused);
    // Both have refused it by now, and are asked again in a while.
    first.offer().await;
    first.ask(AcceptInquiry { conversation }).await.unwrap();
    visitor
        .until_state("it is answered", |inquiry| {
            matches!(inquiry.state, VisitorState::Answered { .. })
        })
        .await;
}

/// Reported of several systems: a free agent and a waiting visitor, and nothing happens.
#[tokio::test]
async fn visitors_who_waited_are_answered_when_an_agent_comes() {
    let mut desk = Desk::open(|_| {}).await;
    desk.open_the_doors().await;
    let mut visitors = Vec::new();
    for n in 0..5 {
        let mut visitor = desk.visitor().await;
        let inquiry = visitor.opens(&format!("question {n}")).await.unwrap();
        let VisitorState::Waiting { place, .. } = inquiry.state else {
            panic!("it does not wait: {inquiry:?}")
        };
        assert_eq!(place, n + 1);
        visitors.push(visitor);
    }
    let mut mei = desk.agent("mei", 3).await;
    for n in 0..3 {
        mei.gets(&format!("question {n}")).await;
    }
    // The places of the others follow.
    let moves = |to| {
        move |frame: &TimelineFrame| match frame {
            TimelineFrame::Update(Update::Waiting { place, .. }) if *place == to => Some(()),
            _ => None,
        }
    };
    let [.., fourth, fifth] = &mut visitors[..] else {
        unreachable!()
    };
    for (visitor, expected) in [(&mut *fourth, 1), (&mut *fifth, 2)] {
        let mine = visitor.ask(MyInquiry).await.unwrap().unwrap();
        let is_there =
            matches!(mine.state, VisitorState::Waiting { place, .. } if place == expected);
        assert!(is_there, "{mine:?} is not at {expected}");
    }
    fourth.pushed.until("the fourth is first", moves(1)).await;
    fifth.pushed.until("the fifth is second", moves(2)).await;
}

/// Reported of several systems: a chat is assigned to an agent who is offline, and stays there.
#[tokio::test]
async fn inquiry_of_an_agent_who_goes_is_given_to_another() {
    let mut desk = Desk::open(|config| config.absence_seconds = 1).await;
    let mei = desk.agent("mei", 5).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    let mut bob = desk.agent("bob", 5).await;
    drop(mei);
    bob.gets("hello").await;
    let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
    assert_eq!(info.state.agent(), Some(bob.user()));
    visitor
        .until_state("bob has it", |inquiry| {
            matches!(&inquiry.state, VisitorState::Answered { agent, .. } if *agent == bob.user())
        })
        .await;
}

/// A connection that breaks for a moment, as of a phone that changes its network.
#[tokio::test]
async fn agent_who_is_back_in_time_keeps_everything() {
    let mut desk = Desk::open(|config| config.absence_seconds = 600).await;
    let account = desk.agent_account("mei", 5).await;
    let mut mei = Agent::connect(&desk.server, &account).await;
    mei.ask(SetDuty { duty: Duty::On }).await.unwrap();
    desk.until_ready("mei", account.user).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    mei.gets("hello").await;
    let _bob = desk.agent("bob", 5).await;
    let held = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
    drop(mei);
    crate::support::until("mei is away", async || !desk.is_present(account.user).await).await;
    let mut mei = Agent::connect(&desk.server, &account).await;
    desk.until_ready("mei", account.user).await;
    let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
    assert_eq!(info.state, held.state);
    mei.says(conversation, 1, "here I am").await.unwrap();
    visitor.pushed.message("here I am").await;
}

/// Commands without push, and other devices, change nothing about who is there.
#[tokio::test]
async fn agent_is_there_while_any_device_is() {
    let mut desk = Desk::open(|_| {}).await;
    let account = desk.agent_account("mei", 5).await;
    let phone = Agent::connect(&desk.server, &account).await;
    let laptop = Agent::connect(&desk.server, &account).await;
    desk.until_ready("mei", account.user).await;
    drop(phone);
    let command = crate::hostile::raw::Raw::log_in(desk.server.addr, &account).await;
    drop(command);
    // Decided after the ends of both sessions.
    let mut visitor = desk.visitor().await;
    visitor.opens("hello").await.unwrap();
    visitor.pushed.listen(Duration::from_millis(300)).await;
    assert!(desk.is_present(account.user).await);
    drop(laptop);
    crate::support::until("mei is away", async || !desk.is_present(account.user).await).await;
}

#[tokio::test]
async fn counts_reach_agents_once_a_second_at_most() {
    let mut desk = Desk::open(|config| config.answer = AnswerMode::Manual).await;
    desk.open_the_doors().await;
    let mut mei = desk.agent("mei", 5).await;
    let mut visitors = Vec::new();
    let begun = tokio::time::Instant::now();
    for n in 0..20 {
        let mut visitor = desk.visitor().await;
        visitor.opens(&format!("question {n}")).await.unwrap();
        visitors.push(visitor);
    }
    let queue = desk.queue;
    let all_wait = |frame: &TimelineFrame| match frame {
        TimelineFrame::Update(Update::Desk(DeskUpdate::Counts(counts))) => {
            let [counts] = &counts[..] else { return None };
            (counts.queue == queue && counts.waiting == 20).then_some(())
        }
        _ => None,
    };
    mei.pushed.until("all are counted", all_wait).await;
    let seconds = begun.elapsed().as_secs();
    let counts = mei.pushed.unread().filter(|frame| {
        matches!(
            frame,
            TimelineFrame::Update(Update::Desk(DeskUpdate::Counts(_)))
        )
    });
    assert!(counts.count() as u64 <= seconds + 2, "in {seconds} s");
}

/// Polls all futures together.
async fn join_all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        match done.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    done.into_iter().flatten().collect()
}
