//! Conversation lists: complete across pages, and kept up to date with few requests.

use cairn_client::Error;
use cairn_client::proto::ids::{ConversationId, MsgId, Revision};
use cairn_client::proto::model::conversation::Conversation;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::overview::{
    ConversationPage, Moment, OverviewExtent, OverviewPlace,
};
use cairn_client::proto::wire::request::Answer;
use cairn_client::proto::wire::request::session::ListConversations;

use crate::fake::{Fake, NOW, eager, everything, soon};
use crate::requests::group;

fn place(revision: u64, conversation: u64) -> OverviewPlace {
    OverviewPlace {
        revision: Revision::new(revision),
        conversation: ConversationId::new(conversation),
    }
}

fn at(revision: u64) -> Moment {
    Moment {
        revision: Revision::new(revision),
        ..NOW
    }
}

fn changed(items: Vec<Conversation>, as_of: Moment) -> ConversationPage {
    ConversationPage {
        extent: OverviewExtent::Changed,
        as_of,
        ..everything(items)
    }
}

#[tokio::test]
async fn paged_lists_are_complete() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let first = ConversationPage {
        next_after: Some(place(9, 8)),
        ..everything(vec![group(8, 2)])
    };
    let second = ConversationPage {
        next_after: Some(place(7, 3)),
        as_of: at(41),
        ..everything(vec![group(3, 0)])
    };
    let gone = vec![ConversationId::new(3)];
    let meanwhile = ConversationPage {
        gone,
        ..changed(vec![group(1, 5), group(8, 3)], at(42))
    };
    let pages = [
        (None, None, first),
        (None, Some(place(9, 8)), second),
        (
            None,
            Some(place(7, 3)),
            ConversationPage {
                as_of: at(42),
                ..everything(Vec::new())
            },
        ),
        (Some(NOW), None, meanwhile),
    ];
    let (overview, ()) = soon(async {
        tokio::join!(client.conversations().overview(None), async {
            for (since, after, page) in pages {
                let (id, request) = peer.request().await;
                assert_eq!(request, ListConversations { since, after }.into());
                peer.answer(id, Ok(Answer::to::<ListConversations>(&page)))
                    .await;
            }
        })
    })
    .await;
    let overview = overview.unwrap();
    assert_eq!(overview.conversations, [group(1, 5), group(8, 3)]);
    assert_eq!(
        (overview.extent, overview.as_of),
        (OverviewExtent::All, at(42))
    );
}

#[tokio::test]
async fn cyclic_pages_end() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let (all, ()) = soon(async {
        tokio::join!(client.conversations().list(), async {
            for _ in 0..2 {
                let (id, _) = peer.request().await;
                let page = ConversationPage {
                    next_after: Some(place(1, 1)),
                    ..everything(vec![group(1, 1)])
                };
                peer.answer(id, Ok(Answer::to::<ListConversations>(&page)))
                    .await;
            }
        })
    })
    .await;
    assert!(matches!(all, Err(Error::Protocol(_))));
}

#[tokio::test]
async fn reconnect_requests_changes() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    assert_eq!(peer.hello.since, None);
    let (overview, ()) = soon(async {
        tokio::join!(client.conversations().overview(Some(at(39))), async {
            let (id, request) = peer.request().await;
            assert_eq!(
                request,
                ListConversations {
                    since: Some(at(39)),
                    after: None
                }
                .into()
            );
            peer.answer(
                id,
                Ok(Answer::to::<ListConversations>(&changed(
                    vec![group(1, 1)],
                    at(45),
                ))),
            )
            .await;
        })
    })
    .await;
    assert_eq!(overview.unwrap().conversations, [group(1, 1)]);
    peer.close(CloseCode::GoingAway);
    let peer = soon(fake.accept()).await;
    assert_eq!(peer.hello.since, Some(at(45)));
}

#[test]
fn stored_overview_is_updated() {
    let overview = |conversations, gone: &[u64], extent, as_of| cairn_client::Overview {
        conversations,
        gone: gone.iter().copied().map(ConversationId::new).collect(),
        extent,
        as_of,
    };
    let mut kept = overview(
        vec![group(1, 1), group(2, 1), group(3, 1)],
        &[],
        OverviewExtent::All,
        at(1),
    );
    kept.update(overview(
        vec![group(2, 4)],
        &[3],
        OverviewExtent::Changed,
        at(2),
    ));
    assert_eq!(
        kept,
        overview(
            vec![group(2, 4), group(1, 1)],
            &[3],
            OverviewExtent::All,
            at(2)
        )
    );
    kept.update(overview(
        vec![group(3, 9)],
        &[],
        OverviewExtent::Changed,
        at(3),
    ));
    assert_eq!(kept.conversations[0].head, MsgId::new(9));
    assert!(kept.gone.is_empty());
    kept.update(overview(vec![group(7, 1)], &[], OverviewExtent::All, at(1)));
    assert_eq!(kept.conversations, [group(7, 1)]);
}
