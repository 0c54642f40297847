//! Requests about the support desk.

use cairn_proto::ids::{ClientSeq, LinkId};
use cairn_proto::invite::ServerAddr;
use cairn_proto::model::desk::{Duty, InquiryFilter};
use cairn_proto::secret::{DeskKey, DeskSecret};
use cairn_proto::text::DeskText;
use cairn_proto::wire::request::desk::{
    AcceptInquiry, AssignInquiry, CloseInquiry, CreateQueue, EndInquiry, EraseVisitor,
    ExplainInquiry, GetInquiry, GetMyDesk, GetRouteRules, JoinInquiry, ListAgents, ListCanned,
    ListDeskKeys, ListInquiries, ListQueues, MyInquiry, OpenBack, RateInquiry, RefuseInquiry,
    RemoveAgent, RemoveQueue, ReopenInquiry, RevokeDeskKey, SetAgent, SetAgentDuty, SetCanned,
    SetDuty, SetInquiryPriority, SetQueue, SetRouteRules, TagInquiry, TakeInquiry, TransferInquiry,
    TransferTarget,
};
use cairn_proto::wire::request::session::{DeskKeyMade, NewDeskKey, OpenInquiry};
use cairn_proto::wire::request::{List, Page};

use super::{
    INQUIRY, QUEUE, VISITOR, agent, agent_config, canned, config, desk_key, desk_text, explained,
    info, my_desk, own, page, queue_info, rule,
};
use crate::samples::Samples;
use crate::samples::values::{BOB, GROUP};

pub(super) fn add_all(samples: &mut Samples) {
    add_visitors(samples);
    add_agents(samples);
    add_supervisors(samples);
    add_admins(samples);
}

fn add_visitors(samples: &mut Samples) {
    let conversation = INQUIRY;
    let open = OpenInquiry {
        topic: Some("after sale".parse().unwrap()),
        page: Some("https://shop.example/cart#pay".parse().unwrap()),
        attrs: vec![("size".parse().unwrap(), "XL".parse().unwrap())],
        seq: ClientSeq::new(300),
        text: "where is my order?".parse().unwrap(),
    };
    samples.ask(open, own());
    samples.ask(MyInquiry, Some(own()));
    samples.ask(EndInquiry { conversation }, ());
    let rate = RateInquiry {
        conversation,
        stars: 5,
        text: desk_text("quick"),
    };
    samples.ask(rate, ());
}

fn add_agents(samples: &mut Samples) {
    let conversation = INQUIRY;
    samples.add(vec![
        TransferTarget::Agent(BOB),
        TransferTarget::Queue(GROUP),
        TransferTarget::QueueNamed(config().name),
    ]);
    samples.ask(GetMyDesk { after: None }, my_desk());
    let after = Some(conversation);
    samples.ask_again(GetMyDesk { after });
    samples.ask(SetDuty { duty: Duty::On }, ());
    samples.ask(AcceptInquiry { conversation }, ());
    samples.ask(RefuseInquiry { conversation }, ());
    samples.ask(TakeInquiry { conversation }, ());
    let transfer = |to, note: &str| TransferInquiry {
        conversation,
        to,
        note: desk_text(note),
    };
    samples.ask(transfer(TransferTarget::Agent(BOB), ""), ());
    samples.ask_again(transfer(TransferTarget::Queue(GROUP), "needs a refund"));
    let tags = info().tags;
    let close = CloseInquiry {
        conversation,
        tags: tags.clone(),
    };
    samples.ask(close, ());
    samples.ask(ReopenInquiry { conversation }, ());
    let tag = TagInquiry {
        conversation,
        add: tags.clone(),
        remove: tags,
    };
    samples.ask(tag, ());
    let priority = SetInquiryPriority {
        conversation,
        priority: 9,
    };
    samples.ask(priority, ());
    samples.ask(OpenBack { conversation }, GROUP);
    let prefix = Some(canned().name);
    let after = Some(canned().name);
    let page = Page {
        items: vec![canned()],
        more: true,
    };
    samples.ask(ListCanned { prefix, after }, page);
    let (prefix, after) = (None, None);
    samples.ask_again(ListCanned { prefix, after });
    samples.ask(GetInquiry { conversation }, info());
    samples.ask(ExplainInquiry { conversation }, explained());
}

fn add_supervisors(samples: &mut Samples) {
    let conversation = INQUIRY;
    let list = |filter, after| ListInquiries {
        queue: QUEUE,
        filter,
        after,
        limit: 50,
    };
    samples.ask(list(InquiryFilter::Open, None), page());
    samples.ask_again(list(InquiryFilter::Closed, page().next_after));
    samples.ask(JoinInquiry { conversation }, ());
    let assign = AssignInquiry {
        conversation,
        agent: BOB,
    };
    samples.ask(assign, ());
    let duty = SetAgentDuty {
        user: BOB,
        duty: Duty::Off,
    };
    samples.ask(duty, ());
    let agents = |queue, after| ListAgents { queue, after };
    let page = Page {
        items: vec![agent()],
        more: true,
    };
    samples.ask(agents(Some(QUEUE), Some(BOB)), page);
    samples.ask_again(agents(None, None));
    let page = Page {
        items: vec![queue_info()],
        more: false,
    };
    samples.ask(ListQueues { after: None }, page);
    samples.ask_again(ListQueues { after: Some(QUEUE) });
}

fn add_admins(samples: &mut Samples) {
    samples.ask(
        CreateQueue {
            config: config().into(),
        },
        QUEUE,
    );
    let set = SetQueue {
        queue: QUEUE,
        config: config().into(),
    };
    samples.ask(set, ());
    samples.ask(RemoveQueue { queue: QUEUE }, ());
    let set = SetAgent {
        user: BOB,
        config: agent_config(),
    };
    samples.ask(set, ());
    samples.ask(RemoveAgent { user: BOB }, ());
    samples.ask(GetRouteRules, List(vec![rule()]));
    samples.ask(
        SetRouteRules {
            rules: vec![rule()],
        },
        (),
    );
    let set = |text: Option<DeskText>| SetCanned {
        name: canned().name,
        text,
    };
    samples.ask(set(Some(canned().text)), ());
    samples.ask_again(set(None));
    let made = DeskKeyMade {
        addr: ServerAddr::new("chat.example.org", 7766),
        key: DeskKey::new([0xa5; 16]),
        id: LinkId::new(0x9f86_d081),
        secret: DeskSecret::new([0x5a; 32]),
    };
    samples.add(vec![made.clone()]);
    let new = NewDeskKey {
        queue: QUEUE,
        requires_signature: true,
    };
    samples.ask(new, made);
    samples.ask(ListDeskKeys, List(vec![desk_key()]));
    samples.ask(RevokeDeskKey { id: desk_key().id }, ());
    samples.ask(EraseVisitor { visitor: VISITOR }, 2);
}
