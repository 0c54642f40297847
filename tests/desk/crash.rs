//! The server killed between any two steps of an inquiry, and an agent whose machine is gone.
use tokio::sync::oneshot;

use crate::desk::Desk;
use crate::desk::people::Agent;
#[cfg(target_os = "linux")]
use crate::operating::clock::{DAY, Machine, shift_in};
use crate::support::until;
use cairn_client::Account;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::MsgId;
use cairn_client::proto::model::desk::{AnswerMode, Duty, InquiryState, VisitorState};
use cairn_client::proto::wire::request::desk::{
    AcceptInquiry, CloseInquiry, GetInquiry, GetMyDesk, SetDuty,
};
use cairn_client::proto::wire::request::session::{Pull, PullRange};

impl Desk {
    async fn crash(&mut self) {
        self.server.kill();
        self.server.restart();
        self.reconnect_admin().await;
    }

    async fn back(&mut self, account: &Account) -> Agent {
        let agent = Agent::connect(&self.server, account).await;
        self.until_ready("the agent", account.user).await;
        agent
    }
}

#[tokio::test]
async fn inquiry_survives_a_crash_between_any_two_steps() {
    let mut desk = Desk::open(|config| config.answer = AnswerMode::Offer { seconds: 600 }).await;
    desk.open_the_doors().await;
    let account = desk.agent_account("mei", 5).await;
    let mut mei = desk.back(&account).await;
    mei.ask(SetDuty { duty: Duty::On }).await.unwrap();

    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    desk.crash().await;
    visitor = visitor.reload(&desk.server, &desk.key).await;
    let again = visitor.opens_as(1, "hello").await.unwrap();
    assert_eq!(again.conversation, conversation, "a retry is recognised");

    // The offer is told again, to the device that comes back.
    mei = desk.back(&account).await;
    let offered = async |mei: &mut Agent| {
        until("it is offered", async || {
            let mine = mei.ask(GetMyDesk::default()).await.unwrap();
            mine.offers
                .iter()
                .any(|offer| offer.info.conversation == conversation)
        })
        .await;
    };
    offered(&mut mei).await;
    desk.crash().await;
    mei = desk.back(&account).await;
    offered(&mut mei).await;
    mei.ask(AcceptInquiry { conversation }).await.unwrap();
    desk.crash().await;
    mei = desk.back(&account).await;
    let mine = mei.ask(GetMyDesk::default()).await.unwrap();
    assert_eq!(mine.agent.duty, Duty::On, "a restart changes no duty");
    assert_eq!(mine.held.len(), 1, "nor who holds an inquiry");

    mei.says(conversation, 1, "hello too").await.unwrap();
    desk.crash().await;
    visitor = visitor.reload(&desk.server, &desk.key).await;
    let known = visitor.welcome.inquiry.clone().unwrap();
    assert!(matches!(known.state, VisitorState::Answered { .. }));
    mei = desk.back(&account).await;
    let close = CloseInquiry {
        conversation,
        tags: Vec::new(),
    };
    mei.ask(close).await.unwrap();
    desk.crash().await;
    visitor = visitor.reload(&desk.server, &desk.key).await;
    let pull = Pull {
        conversation,
        range: PullRange::From(MsgId::new(1)),
        limit: 100,
    };
    let run = visitor.ask(pull).await.unwrap().run;
    let messages = run.messages().unwrap().into_iter();
    let texts: Vec<String> = messages
        .filter_map(|message| match message.body {
            Body::Text(text) => Some(text.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["hello", "hello too"], "none lost, none twice");
    assert_eq!(desk.counts().await, (0, 0));
}

/// An agent whose process ends without a word: the connection times out, and after the grace
/// another agent gets what they held.
#[tokio::test]
async fn inquiry_of_an_agent_whose_machine_is_gone_is_given_to_another() {
    let mut desk = Desk::open(|config| config.absence_seconds = 1).await;
    let account = desk.agent_account("mei", 5).await;
    let (connected, is_connected) = oneshot::channel();
    let (kill, is_killed) = oneshot::channel::<()>();
    let (server, mei) = (desk.server.addr, account.clone());
    let process = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let mut agent = Agent::connect_to(server, &mei).await;
            agent.ask(SetDuty { duty: Duty::On }).await.unwrap();
            connected.send(()).unwrap();
            is_killed.await.unwrap();
            // Nothing is closed: the drivers of the connection end with the runtime.
            std::mem::forget(agent);
        });
    });
    is_connected.await.unwrap();
    desk.until_ready("mei", account.user).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
    assert_eq!(info.state.agent(), Some(account.user));
    let mut bob = desk.agent("bob", 5).await;
    kill.send(()).unwrap();
    process.join().unwrap();
    until("bob has it", async || {
        // A connection without requests would time out as well.
        bob.ask(GetMyDesk::default()).await.unwrap();
        let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
        info.state.agent() == Some(bob.user())
    })
    .await;
}

/// Restarts of a server that is killed before any grace is over.
const KILLS_MAX: usize = 300;

/// A minute to come back with each start would keep for ever what an agent holds who is gone.
#[tokio::test]
async fn absence_goes_on_while_the_server_is_killed() {
    let mut desk = Desk::open(|config| config.absence_seconds = 3).await;
    let mei = desk.agent("mei", 5).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    let user = mei.user();
    drop(mei);
    until("mei is gone", async || !desk.is_present(user).await).await;
    let mut kills = 0;
    loop {
        let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
        if info.state == InquiryState::Waiting {
            break;
        }
        assert_eq!(info.state.agent(), Some(user));
        assert!(kills < KILLS_MAX, "mei holds it for ever");
        kills += 1;
        desk.crash().await;
    }
    assert!(kills > 0, "mei kept it for a while");
}

/// After a jump the server's clock runs backwards for days, until it has made it up.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn absence_ends_while_the_clock_goes_back() {
    let (server, clock) = Machine::start().into_parts();
    let mut desk = Desk::open_on(server, |config| config.absence_seconds = 2).await;
    let mei = desk.agent("mei", 5).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    let user = mei.user();
    shift_in(&clock, -200 * DAY);
    drop(mei);
    until("mei is gone", async || !desk.is_present(user).await).await;
    until("it waits", async || {
        let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
        info.state == InquiryState::Waiting
    })
    .await;
}
