//! What comes on stdin: a line lets the work begin, the end of it stops the work. So a worker
//! outlives nobody who started it.

use std::io::BufRead;

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Wait,
    Work,
    Stop,
}

#[derive(Debug, Clone)]
pub(crate) struct Orders(watch::Receiver<Order>);

/// Listens, in a thread that ends with the process.
pub(crate) fn listen() -> Orders {
    let (sender, receiver) = watch::channel(Order::Wait);
    std::thread::spawn(move || {
        for _ in std::io::stdin().lock().lines().map_while(Result::ok) {
            sender.send_replace(Order::Work);
        }
        sender.send_replace(Order::Stop);
        // The channel must not close before the last reader has seen the order.
        std::thread::park();
    });
    Orders(receiver)
}

impl Orders {
    /// Waits for the first order.
    pub(crate) async fn work(&mut self) {
        let _ = self.0.wait_for(|order| *order != Order::Wait).await;
    }

    /// Waits for the last.
    pub(crate) async fn stop(&mut self) {
        let _ = self.0.wait_for(|order| *order == Order::Stop).await;
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.0.borrow() == Order::Stop
    }
}
