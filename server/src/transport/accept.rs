//! New connections, each served by a task of its own.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::session::connection;
use crate::shared::Shared;
use crate::transport::Listener;

/// Serves connections until no other can come. Their tasks are added to `connections`, which
/// outlives this: a stopping server accepts no more, and then ends the sessions.
pub(crate) async fn accept(
    listener: &mut Listener,
    connections: &mut JoinSet<()>,
    shared: &Arc<Shared>,
) {
    loop {
        tokio::select! {
            biased;
            Some(_) = connections.join_next() => {}
            connecting = listener.accept() => {
                let Some(connecting) = connecting else { return };
                let shared = shared.clone();
                connections.spawn(async move {
                    if let Some(connection) = connecting.establish().await {
                        connection::serve(shared, connection).await;
                    }
                });
            }
        }
    }
}
