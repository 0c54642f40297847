//! The overview at login, which is available without a request while it is current.

use cairn_client::proto::ids::{ConversationId, MsgId, Revision};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::event::{TimelineFrame, Update};
use cairn_client::proto::wire::overview::{
    ConversationPage, Moment, OverviewExtent, OverviewPlace,
};
use cairn_client::proto::wire::request::Answer;
use cairn_client::proto::wire::request::session::ListConversations;
use cairn_client::{Client, Event, Overview};

use crate::fake::{Fake, NOW, Peer, eager, everything, soon};
use crate::follow::{Log, ONE, reads};
use crate::requests::group;

/// The fields of an overview request: `since` and `after`.
type Question = (Option<Moment>, Option<OverviewPlace>);

/// The moment of the client's stored overview.
const BEFORE: Moment = at(30);

const fn at(revision: u64) -> Moment {
    Moment {
        revision: Revision::new(revision),
        ..NOW
    }
}

/// One conversation was added since then, and another one removed.
fn changed() -> ConversationPage {
    let gone = vec![ConversationId::new(3)];
    ConversationPage {
        gone,
        extent: OverviewExtent::Changed,
        ..everything(vec![group(1, 5)])
    }
}

/// A client with a stored overview, whose login returns this page.
async fn returned(fake: &Fake, page: ConversationPage) -> (Client, Peer) {
    let account = fake.account();
    let options = eager().since(BEFORE);
    let (client, peer) = soon(async {
        tokio::join!(options.connect(&account), async {
            let mut peer = fake.accept().await;
            assert_eq!(peer.hello.since, Some(BEFORE));
            peer.welcome(page).await;
            peer
        })
    })
    .await;
    (client.unwrap(), peer)
}

/// Requests the overview of the login, and answers the expected requests.
async fn asked(
    client: &Client,
    peer: &mut Peer,
    steps: Vec<(Question, ConversationPage)>,
) -> Overview {
    let answers = async {
        for ((since, after), page) in steps {
            let (id, request) = peer.request().await;
            assert_eq!(request, ListConversations { since, after }.into());
            peer.answer(id, Ok(Answer::to::<ListConversations>(&page)))
                .await;
        }
    };
    let (overview, ()) =
        soon(async { tokio::join!(client.conversations().login_overview(), answers) }).await;
    overview.unwrap()
}

#[tokio::test]
async fn login_returns_changes() {
    let fake = Fake::start();
    let (client, mut peer) = returned(&fake, changed()).await;
    let told = asked(&client, &mut peer, Vec::new()).await;
    assert_eq!(
        (&told.conversations[..], &told.gone[..]),
        (&[group(1, 5)][..], &[ConversationId::new(3)][..])
    );
    assert_eq!((told.extent, told.as_of), (OverviewExtent::Changed, NOW));
    // The overview of the login is returned once. Later calls make a request, and the next login
    // reports changes since then.
    let later = ConversationPage {
        as_of: at(50),
        ..changed()
    };
    let told = asked(&client, &mut peer, vec![((Some(BEFORE), None), later)]).await;
    assert_eq!(told.as_of, at(50));
    peer.close(CloseCode::GoingAway);
    assert_eq!(soon(fake.accept()).await.hello.since, Some(at(50)));
}

#[tokio::test]
async fn remaining_changes_are_requested() {
    let fake = Fake::start();
    let place = OverviewPlace {
        revision: Revision::new(9),
        conversation: ConversationId::new(1),
    };
    let first = ConversationPage {
        next_after: Some(place),
        ..changed()
    };
    let (client, mut peer) = returned(&fake, first.clone()).await;
    let second = ConversationPage {
        gone: Vec::new(),
        as_of: at(41),
        ..changed()
    };
    let second = ConversationPage {
        items: vec![group(2, 2)],
        ..second
    };
    let meanwhile = ConversationPage {
        items: Vec::new(),
        as_of: at(42),
        ..second.clone()
    };
    let steps = vec![
        ((Some(BEFORE), Some(place)), second),
        ((Some(NOW), None), meanwhile),
    ];
    let told = asked(&client, &mut peer, steps).await;
    assert_eq!(
        (told.conversations, told.as_of),
        (vec![group(1, 5), group(2, 2)], at(42))
    );
    assert_eq!(told.gone, [ConversationId::new(3)]);

    // An application may page on its own. Until it has seen all pages, a login reports changes
    // since the stored overview.
    let (client, peer) = returned(&fake, first.clone()).await;
    assert_eq!(
        (
            client.conversations().login_page(),
            client.conversations().login_page()
        ),
        (Some(first), None)
    );
    peer.close(CloseCode::GoingAway);
    assert_eq!(soon(fake.accept()).await.hello.since, Some(BEFORE));
}

#[tokio::test]
async fn stale_login_overview_is_dropped_after_lag() {
    let fake = Fake::start();
    let read = || {
        TimelineFrame::Update(Update::Read {
            conversation: ONE,
            read: MsgId::new(2),
            head: MsgId::new(5),
        })
    };
    for is_heard in [true, false] {
        let (client, mut peer) = returned(&fake, changed()).await;
        let mut events = is_heard.then(|| client.events());
        let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
        tokio::join!(reads(&mut timeline, 1..=3), async {
            Log::up_to(3).answer_pull(&mut peer).await
        });
        peer.push(read()).await;
        peer.push(TimelineFrame::Run(Log::up_to(0).run(4, 1))).await;
        reads(&mut timeline, 4..=4).await;

        if let Some(events) = &mut events {
            assert_eq!(asked(&client, &mut peer, Vec::new()).await.as_of, NOW);
            assert!(
                matches!(
                    soon(events.next()).await,
                    Some(Event::Update(Update::Read {
                        conversation: ONE,
                        ..
                    }))
                ),
                "it goes on from there"
            );
        } else {
            let steps = vec![(
                (Some(BEFORE), None),
                ConversationPage {
                    as_of: at(44),
                    ..changed()
                },
            )];
            assert_eq!(asked(&client, &mut peer, steps).await.as_of, at(44));
        }
    }
}

#[tokio::test]
async fn login_overview_is_dropped_after_reconnect() {
    let fake = Fake::start();
    let (client, peer) = returned(&fake, changed()).await;
    let mut events = client.events();
    peer.close(CloseCode::GoingAway);
    let mut peer = soon(fake.accept()).await;
    assert_eq!(
        peer.hello.since,
        Some(NOW),
        "the first login told of everything up to then"
    );
    peer.welcome(ConversationPage {
        items: Vec::new(),
        gone: Vec::new(),
        as_of: at(60),
        ..changed()
    })
    .await;
    while soon(events.next()).await != Some(Event::Reconnected) {}
    let steps = vec![(
        (Some(BEFORE), None),
        ConversationPage {
            as_of: at(61),
            ..changed()
        },
    )];
    assert_eq!(asked(&client, &mut peer, steps).await.as_of, at(61));
}
