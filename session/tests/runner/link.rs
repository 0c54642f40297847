//! The connection, as it is shown.

use cairn_session::{LinkFault, LinkView};

use crate::chat::{World, until};

#[tokio::test]
async fn next_attempt_is_shown() {
    let mut world = World::new().await;
    world.server.stop().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.open(dir.path());
    let is_retried = |why| {
        move |link| {
            matches!(
                link,
                LinkView::Offline { again_at: Some(_), why: found, .. } if found == why
            )
        }
    };
    let is_unreachable = is_retried(LinkFault::Unreachable);
    until(&session, "it is offline", |model| {
        is_unreachable(model.link())
    })
    .await;
    world.server.run().await;
    until(&session, "it is online", |model| {
        model.link() == LinkView::Online
    })
    .await;
    world.server.stop().await;
    let is_lost = is_retried(LinkFault::Lost);
    until(&session, "it is lost", |model| is_lost(model.link())).await;
    session.close().await;
}
