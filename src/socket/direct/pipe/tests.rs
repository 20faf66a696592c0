//! The pipe: order, bounds and its end, into a real connection.

use std::task::Poll;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::waiting::KEPT;
use super::*;
use crate::net::Halves;
use crate::socket::bounds::MOST_WAITING;
use crate::socket::cork;

/// A pipe, and the other end of its connection.
async fn pipe() -> (Arc<Pipe>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (near, _) = listener.accept().await.unwrap();
    let Halves { writing, .. } = Halves::plain(near);
    (Pipe::new(writing, &Later::new()), far)
}

fn in_turn(packets: usize, send: impl FnOnce()) {
    let polled = cork::turn(packets, || {
        send();
        Poll::Ready(())
    });
    assert!(polled.is_ready());
}

async fn read(far: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut read = vec![0; bytes];
    timeout(Duration::from_secs(20), far.read_exact(&mut read)).await.unwrap().unwrap();
    read
}

async fn read_to_end(far: &mut TcpStream) -> usize {
    let mut rest = Vec::new();
    // It may be reset where it was cut.
    let _ = timeout(Duration::from_secs(20), far.read_to_end(&mut rest)).await.unwrap();
    rest.len()
}

#[tokio::test]
async fn frames_leave_in_their_order_whenever_each_is_written() {
    let (pipe, mut far) = pipe().await;
    let mut expected = Vec::new();
    for round in 0..200_u32 {
        let frame = Bytes::copy_from_slice(&round.to_be_bytes());
        expected.extend_from_slice(&frame);
        match round % 4 {
            // A moment later.
            0 => pipe.send(&frame),
            // At the end of a turn.
            1 => in_turn(2, || pipe.answer(&frame)),
            // At once.
            _ => {
                cork::woke();
                in_turn(1, || pipe.send(&frame));
            }
        }
    }
    assert_eq!(read(&mut far, expected.len()).await, expected);
}

#[tokio::test]
async fn what_the_kernel_does_not_take_is_written_when_the_other_end_reads() {
    let (pipe, mut far) = pipe().await;
    pipe.admit();
    let frame = Bytes::from(vec![7; 64 * 1024]);
    let mut sent = 0;
    // Less than may wait for a stranger, on top of what the kernel takes.
    while pipe.out().bytes < 128 * 1024 {
        pipe.send(&frame);
        sent += frame.len();
        tokio::task::yield_now().await;
    }
    assert!(pipe.out().draining);
    assert!(read(&mut far, sent).await.iter().all(|byte| *byte == 7));
    while pipe.out().draining {
        tokio::task::yield_now().await;
    }
    assert!(!pipe.is_told(Told::Cut));
    assert!(pipe.out().queue.capacity() <= KEPT, "little memory is held for what has left");
}

#[tokio::test]
async fn a_stranger_that_reads_nothing_is_cut_by_what_waits() {
    let (pipe, mut far) = pipe().await;
    let frame = Bytes::from(vec![7; 64 * 1024]);
    let mut sent = 0;
    while !pipe.is_told(Told::Cut) {
        pipe.send(&frame);
        sent += frame.len();
        tokio::task::yield_now().await;
    }
    let waiting = {
        let out = pipe.out();
        (out.bytes, out.queue.len())
    };
    assert_eq!(waiting, (0, 0));
    assert!(read_to_end(&mut far).await < sent);
}

#[tokio::test]
async fn too_many_frames_are_too_much_however_small() {
    let (pipe, far) = pipe().await;
    let frame = Bytes::from(vec![7; 64 * 1024]);
    while !pipe.out().draining {
        pipe.send(&frame);
        tokio::task::yield_now().await;
    }
    let mut more = 0;
    while !pipe.is_told(Told::Cut) {
        pipe.send(&Bytes::from_static(b"x"));
        more += 1;
    }
    assert!(more <= MOST_WAITING, "{more}");
    drop(far);
}

#[tokio::test]
async fn it_finishes_when_all_is_written_and_takes_nothing_behind_its_last_words() {
    let (pipe, mut far) = pipe().await;
    pipe.send(&Bytes::from_static(b"first "));
    pipe.finish(&[Bytes::from_static(b"last")]);
    pipe.send(&Bytes::from_static(b" and more"));
    assert!(pipe.is_told(Told::Finished));
    assert_eq!(read(&mut far, 10).await, b"first last");
    assert_eq!(read_to_end(&mut far).await, 0);
}
