//! What admins did is in the audit log, and what is closed or large is listed in whole.

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::limits::DESK_TEXT_BYTES_MAX;
use cairn_client::proto::model::audit::AuditAct;
use cairn_client::proto::model::desk::{DeskAct, InquiryFilter, RouteRule};
use cairn_client::proto::text::DeskText;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::desk::{
    CloseInquiry, CreateQueue, EraseVisitor, ListInquiries, OpenBack, RemoveAgent, RemoveQueue,
    RevokeDeskKey, SetAgent, SetCanned, SetQueue, SetRouteRules,
};
use cairn_client::proto::wire::request::session::{NewDeskKey, Pull, PullRange};
use cairn_client::{Account, Client, Error};

use crate::desk::people::Agent;
use crate::desk::{Desk, queue};

async fn connect(account: &Account) -> Client {
    Client::builder().connect(account).await.unwrap()
}

async fn acts(owner: &Client) -> Vec<DeskAct> {
    let page = owner.admin().audit(1).await.unwrap();
    let acts = page.records.into_iter().map(|record| record.act);
    acts.filter_map(|act| match act {
        AuditAct::Desk(act) => Some(act),
        _ => None,
    })
    .collect()
}

#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
#[tokio::test]
async fn what_admins_do_with_the_desk_is_audited() {
    let mut desk = Desk::open(|_| {}).await;
    let (first, key) = (desk.queue, desk.key.id);
    let mei = desk.agent_account("mei", 5).await;
    let mut visitor = desk.visitor().await;
    visitor.opens("hello").await.unwrap();
    let erased = visitor.welcome.visitor;
    let user = mei.user;
    let again = desk.config("mei", 5);
    let admin = &mut desk.admin;
    // What changes nothing is no act.
    admin
        .ask(SetAgent {
            user,
            config: again,
        })
        .await
        .unwrap();
    let second = admin
        .ask(CreateQueue {
            config: queue("aftersale").into(),
        })
        .await
        .unwrap();
    let set = SetQueue {
        queue: second,
        config: queue("returns").into(),
    };
    admin.ask(set.clone()).await.unwrap();
    admin.ask(set).await.unwrap();
    let rules = vec![RouteRule {
        when: Vec::new(),
        queue: second,
        priority: 4,
    }];
    let set = SetRouteRules { rules };
    admin.ask(set.clone()).await.unwrap();
    admin.ask(set).await.unwrap();
    let canned = |text: Option<&str>| SetCanned {
        name: "hello".parse().unwrap(),
        text: text.map(|text| text.parse().unwrap()),
    };
    admin.ask(canned(Some("a secret text"))).await.unwrap();
    admin.ask(canned(None)).await.unwrap();
    admin.ask(canned(None)).await.unwrap();
    let new_key = NewDeskKey {
        queue: second,
        requires_signature: true,
    };
    let made = admin.ask(new_key).await.unwrap().id;
    admin.ask(RevokeDeskKey { id: made }).await.unwrap();
    admin.ask(RemoveAgent { user }).await.unwrap();
    admin.ask(EraseVisitor { visitor: erased }).await.unwrap();
    admin.ask(RemoveQueue { queue: second }).await.unwrap();
    let refused = admin.ask(RemoveQueue { queue: second }).await;
    assert_eq!(refused, Err(ErrorCode::NoSuchQueue));

    let name = |name: &str| queue(name).name;
    let hello = || "hello".parse().unwrap();
    let expected = vec![
        DeskAct::QueueCreated {
            queue: first,
            name: name("presale"),
        },
        DeskAct::LinkCreated {
            id: key,
            queue: first,
        },
        DeskAct::AgentSet { user },
        DeskAct::QueueCreated {
            queue: second,
            name: name("aftersale"),
        },
        DeskAct::QueueChanged {
            queue: second,
            before: name("aftersale"),
            after: name("returns"),
        },
        DeskAct::RulesSet {
            before: 0,
            after: 1,
        },
        DeskAct::CannedSet { name: hello() },
        DeskAct::CannedRemoved { name: hello() },
        DeskAct::LinkCreated {
            id: made,
            queue: second,
        },
        DeskAct::LinkRevoked {
            id: made,
            queue: second,
        },
        DeskAct::AgentRemoved { user },
        DeskAct::VisitorErased { inquiries: 1 },
        DeskAct::QueueRemoved {
            queue: second,
            name: name("returns"),
        },
    ];
    assert_eq!(acts(&desk.owner).await, expected);
    // Once from the log, once from the trees.
    desk.server.kill();
    desk.server.restart();
    let owner = connect(&desk.owner_account).await;
    assert_eq!(acts(&owner).await, expected);
    assert!(desk.server.stop().success());
    desk.server.restart();
    let owner = connect(&desk.owner_account).await;
    assert_eq!(acts(&owner).await, expected);
}

/// Twice as many as a page has. All but the last are in no memory after a start.
#[tokio::test]
async fn closed_inquiries_are_listed_from_the_store() {
    const INQUIRIES: usize = 110;
    let mut desk = Desk::open(|_| {}).await;
    desk.open_the_doors().await;
    let mut mei = desk.agent("mei", 100).await;
    let mut expected = Vec::new();
    let mut visitors = Vec::new();
    for n in 0..INQUIRIES {
        let mut visitor = desk.visitor().await;
        let text = format!("hello {n}");
        let conversation = visitor.opens(&text).await.unwrap().conversation;
        mei.gets(&text).await;
        let tags = Vec::new();
        mei.ask(CloseInquiry { conversation, tags }).await.unwrap();
        expected.insert(0, conversation);
        if n == 40 {
            visitors.push(visitor);
        }
    }
    assert!(desk.server.stop().success());
    desk.server.restart();
    let owner = connect(&desk.owner_account).await;
    let (queue, filter) = (desk.queue, InquiryFilter::Closed);
    let closed = async |owner: &Client, limit| {
        let page = owner.desk().inquiries(queue, filter, None, limit).await;
        let page = page.unwrap();
        let ids: Vec<ConversationId> = page.items.iter().map(|info| info.conversation).collect();
        (ids, page.next_after)
    };
    assert_eq!(closed(&owner, 1_000).await, (expected.clone(), None));
    let (some, next_after) = closed(&owner, 60).await;
    assert_eq!(some, expected[..60]);
    let rest = owner.desk().inquiries(queue, filter, next_after, 1_000);
    let rest: Vec<_> = rest.await.unwrap().items;
    assert_eq!(rest.len(), INQUIRIES - 60);
    assert!(rest.iter().all(|info| info.head.get() > 1), "{:?}", rest[0]);

    // One is open again, and no longer listed, whether that is stored or not.
    let visitor = visitors.pop().unwrap();
    let mut visitor = visitor.reload(&desk.server, &desk.key).await;
    let conversation = visitor.welcome.inquiry.as_ref().unwrap().conversation;
    visitor.says(conversation, "once more").await.unwrap();
    expected.retain(|&id| id != conversation);
    assert_eq!(expected.len(), INQUIRIES - 1);
    for _ in 0..2 {
        let owner = connect(&desk.owner_account).await;
        assert_eq!(closed(&owner, 1_000).await, (expected.clone(), None));
        assert!(desk.server.stop().success());
        desk.server.restart();
    }
    let mei = connect(&desk.agents[0]).await;
    let refused = mei.desk().inquiries(queue, filter, None, 10).await;
    assert_eq!(refused.err(), Some(Error::Refused(ErrorCode::Forbidden)));
    let own = ListInquiries {
        queue,
        filter: InquiryFilter::Open,
        after: None,
        limit: 10,
    };
    desk.reconnect_admin().await;
    let open = desk.admin.ask(own).await.unwrap();
    assert_eq!(open.items.len(), 1);
}

/// More than fit into an answer.
#[tokio::test]
async fn all_queues_of_a_shop_are_listed() {
    const QUEUES: usize = 40;
    let mut desk = Desk::open(|_| {}).await;
    let text = DeskText::new("x".repeat(DESK_TEXT_BYTES_MAX)).unwrap();
    for n in 1..QUEUES {
        let mut config = queue(&format!("queue {n}"));
        (config.greeting, config.offline) = (text.clone(), text.clone());
        let config = config.into();
        desk.admin.ask(CreateQueue { config }).await.unwrap();
    }
    let queues = desk.owner.desk().queues().await.unwrap();
    assert_eq!(queues.len(), QUEUES);
    let user = desk.agent_account("mei", 5).await.user;
    let mut config = desk.config("mei", 5);
    config.supervises = queues.iter().map(|info| info.counts.queue).collect();
    desk.admin.ask(SetAgent { user, config }).await.unwrap();
    let mei = connect(&desk.agents[0]).await;
    let mine = mei.desk().mine().await.unwrap();
    assert_eq!(mine.queues, mei.desk().queues().await.unwrap());
    assert_eq!(mine.queues.len(), QUEUES);
}

/// An inquiry with an empty log of notes, and a pull of it.
async fn empty_notes(desk: &mut Desk, mei: &mut Agent) -> Pull {
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    mei.gets("hello").await;
    let back = mei.ask(OpenBack { conversation }).await.unwrap();
    Pull {
        conversation: back,
        range: PullRange::From(MsgId::new(1)),
        limit: 10,
    }
}

#[tokio::test]
async fn notes_are_followed_before_the_first_one() {
    let mut desk = Desk::open(|_| {}).await;
    let mut mei = desk.agent("mei", 5).await;
    let mut tablet = Agent::connect(&desk.server, &desk.agents[0]).await;
    let pull = empty_notes(&mut desk, &mut mei).await;
    for session in [&mut mei.pushed.raw, &mut desk.admin] {
        let pulled = session.ask(pull).await.unwrap();
        assert_eq!((pulled.run.count, pulled.head), (0, MsgId::ZERO));
    }
    mei.says(pull.conversation, 1, "a regular").await.unwrap();
    tablet.pushed.message("a regular").await;
}

#[tokio::test]
async fn notes_are_followed_after_a_crash_before_the_first_one() {
    let mut desk = Desk::open(|_| {}).await;
    let mut mei = desk.agent("mei", 5).await;
    let pull = empty_notes(&mut desk, &mut mei).await;
    desk.server.kill();
    desk.server.restart();
    desk.reconnect_admin().await;
    assert_eq!(desk.admin.ask(pull).await.unwrap().head, MsgId::ZERO);
    let mut mei = Agent::connect(&desk.server, &desk.agents[0]).await;
    let mut tablet = Agent::connect(&desk.server, &desk.agents[0]).await;
    mei.says(pull.conversation, 1, "a regular").await.unwrap();
    tablet.pushed.message("a regular").await;
}
