//! The script of an answer's body: what is sent, in which order, and what breaks off where. Faults
//! of a stream are edits of its script, so that they can be read, and tested, without a socket.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use bursar_wire::frame::{Frame, FrameError};
use bytes::Bytes;
use futures_util::stream;

use crate::calls::Running;
use crate::connection::Connection;
use crate::fault::Fault;

/// How long a silence lasts at most: longer than clients wait, but not for ever.
pub(crate) const SILENCE: Duration = Duration::from_mins(15);

/// Long enough for what was sent to leave the process.
const FLUSH: Duration = Duration::from_millis(1);

/// One step of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// These bytes are sent.
    Send(Bytes),
    /// Nothing happens for a while.
    Wait(Duration),
    /// The call has ended so, for the list of served calls.
    End(String),
    /// Nothing happens for so long that the client gives up first.
    Silence,
    /// The connection is reset.
    Reset,
}

/// What a stream's script is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Between two frames.
    pub(crate) gap: Duration,
    /// What goes wrong.
    pub(crate) fault: Option<Fault>,
    /// Good frames before it does. At least the last frame is always lost.
    pub(crate) after: u64,
}

/// The script of a stream. `after` good frames come first; then the fault.
pub(crate) fn of_stream(frames: &[Frame], pace: Pace) -> Result<VecDeque<Step>, FrameError> {
    let mut bytes = frames.iter().map(Frame::encode).collect::<Result<Vec<_>, _>>()?;
    let after =
        usize::try_from(pace.after).unwrap_or(usize::MAX).min(bytes.len().saturating_sub(1));
    let half = |bytes: &Bytes| bytes.slice(..bytes.len() / 2);
    let ended = match pace.fault {
        Some(fault) if let Some(error) = fault.exception() => {
            bytes.truncate(after);
            bytes.push(error.frame().encode()?);
            format!("error:{}", error.code)
        }
        Some(Fault::CutBorder) => {
            bytes.truncate(after);
            "cut".to_owned()
        }
        Some(Fault::CutInside) => {
            bytes.truncate(after + 1);
            if let Some(last) = bytes.last_mut() {
                *last = half(last);
            }
            "cut".to_owned()
        }
        Some(Fault::BadCrc) => {
            if let Some(frame) = bytes.get_mut(after) {
                *frame = with_wrong_checksum(frame);
            }
            "bad-crc".to_owned()
        }
        Some(Fault::Stall) => return Ok(broken(&bytes, after, pace.gap, "stall", Step::Silence)),
        Some(Fault::Reset) => return Ok(broken(&bytes, after, pace.gap, "reset", Step::Reset)),
        _ => "complete".to_owned(),
    };
    Ok(paced(&bytes, pace.gap, ended))
}

/// The script of a plain body. A cut, a stall and a reset come after half of it.
pub(crate) fn of_plain(body: &Bytes, fault: Option<Fault>) -> VecDeque<Step> {
    let half = body.slice(..body.len() / 2);
    let end = |how: &str| Step::End(how.to_owned());
    VecDeque::from(match fault {
        // The wait lets the half go out: a body that ends too early is dropped with what is unsent.
        Some(Fault::CutInside) => vec![end("cut"), Step::Send(half), Step::Wait(FLUSH)],
        Some(Fault::Stall) => vec![Step::Send(half), end("stall"), Step::Silence],
        Some(Fault::Reset) => vec![end("reset"), Step::Reset],
        _ => vec![end("complete"), Step::Send(body.clone())],
    })
}

/// The end is noted before the last bytes are handed over: whoever has them finds it noted, and
/// whoever left before is noted as gone.
fn paced(bytes: &[Bytes], gap: Duration, ended: String) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    for (number, frame) in bytes.iter().enumerate() {
        if number > 0 && !gap.is_zero() {
            steps.push_back(Step::Wait(gap));
        }
        if number + 1 == bytes.len() {
            steps.push_back(Step::End(ended.clone()));
        }
        steps.push_back(Step::Send(frame.clone()));
    }
    if bytes.is_empty() {
        steps.push_back(Step::End(ended));
    }
    steps
}

fn broken(bytes: &[Bytes], after: usize, gap: Duration, ended: &str, then: Step) -> VecDeque<Step> {
    let sent = bytes.get(..after).unwrap_or(bytes);
    let mut steps = paced(sent, gap, ended.to_owned());
    steps.push_back(then);
    steps
}

/// The last four bytes of a frame are its checksum.
fn with_wrong_checksum(frame: &Bytes) -> Bytes {
    let mut bytes = frame.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 0xff;
    }
    Bytes::from(bytes)
}

/// A body that plays a script. Nothing is made before the connection takes it, so that a slow
/// reader holds the script back; and when the reader goes, the script is dropped with its call.
pub(crate) fn play(script: VecDeque<Step>, call: Running, connection: Connection) -> Body {
    let state = (script, call, connection);
    Body::from_stream(stream::unfold(state, |(mut script, mut call, connection)| async move {
        while let Some(step) = script.pop_front() {
            match step {
                Step::Send(bytes) => {
                    return Some((Ok::<_, Infallible>(bytes), (script, call, connection)));
                }
                Step::Wait(pause) => tokio::time::sleep(pause).await,
                Step::End(how) => call.end(&how),
                Step::Silence => tokio::time::sleep(SILENCE).await,
                Step::Reset => connection.reset().await,
            }
        }
        None
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::{Calls, ServedCall};
    use bursar_wire::frame::FrameDecoder;
    use http_body_util::BodyExt;
    use std::sync::Arc;

    const MS: Duration = Duration::from_millis(1);

    fn frames() -> Vec<Frame> {
        ["messageStart", "contentBlockDelta", "messageStop", "metadata"]
            .map(|name| Frame::event(name, "{}"))
            .into()
    }

    fn script(fault: Option<Fault>, after: u64) -> VecDeque<Step> {
        of_stream(&frames(), Pace { gap: Duration::ZERO, fault, after }).unwrap()
    }

    /// Names of the frames that can be read, whether the end is within one, and the noted end.
    fn read(script: &VecDeque<Step>) -> (Vec<String>, bool, String) {
        let (mut decoder, mut names, mut ended) = (FrameDecoder::new(), Vec::new(), String::new());
        for step in script {
            match step {
                Step::Send(bytes) => decoder.push(bytes),
                Step::End(how) => ended.clone_from(how),
                _ => {}
            }
        }
        while let Ok(Some(frame)) = decoder.next() {
            names.push(format!("{:?}", frame.kind));
        }
        (names, decoder.is_inside_frame(), ended)
    }

    #[test]
    fn a_good_stream_sends_every_frame_and_notes_its_end_before_the_last() {
        let script = script(None, 1);
        assert_eq!(read(&script).0.len(), 4);
        assert_eq!(script[3], Step::End("complete".to_owned()));
        assert!(matches!(script[4], Step::Send(_)));
    }

    #[test]
    fn a_gap_lies_between_two_frames_and_nowhere_else() {
        let pace = Pace { gap: MS, fault: None, after: 0 };
        let script = of_stream(&frames(), pace).unwrap();
        assert_eq!(script.iter().filter(|step| **step == Step::Wait(MS)).count(), 3);
        assert!(matches!(script[0], Step::Send(_)));
    }

    #[test]
    fn an_exception_comes_after_the_good_frames_and_ends_the_stream() {
        let (names, inside, ended) = read(&script(Some(Fault::StreamThrottle), 2));
        assert_eq!(names.len(), 3);
        assert_eq!(names[2], r#"Exception("throttlingException")"#);
        assert_eq!((inside, ended.as_str()), (false, "error:ThrottlingException"));
    }

    #[test]
    fn a_cut_on_a_border_leaves_whole_frames_and_a_cut_inside_leaves_a_part() {
        let (names, inside, ended) = read(&script(Some(Fault::CutBorder), 2));
        assert_eq!((names.len(), inside, ended.as_str()), (2, false, "cut"));
        let (names, inside, ended) = read(&script(Some(Fault::CutInside), 2));
        assert_eq!((names.len(), inside, ended.as_str()), (2, true, "cut"));
    }

    #[test]
    fn the_last_frame_never_survives_a_cut() {
        assert_eq!(read(&script(Some(Fault::CutBorder), 99)).0.len(), 3);
        assert_eq!(read(&script(Some(Fault::CutInside), 99)).0.len(), 3);
    }

    #[test]
    fn a_bad_checksum_breaks_one_frame_and_the_rest_is_sent() {
        let script = script(Some(Fault::BadCrc), 1);
        let (names, _, ended) = read(&script);
        assert_eq!((names.len(), ended.as_str()), (1, "bad-crc"));
        assert_eq!(script.iter().filter(|step| matches!(step, Step::Send(_))).count(), 4);
    }

    #[test]
    fn a_stall_and_a_reset_note_their_end_and_then_happen() {
        assert_eq!(script(Some(Fault::Stall), 2).back(), Some(&Step::Silence));
        let at_once = script(Some(Fault::Reset), 0);
        assert_eq!(at_once, [Step::End("reset".to_owned()), Step::Reset]);
    }

    #[test]
    fn a_plain_body_is_cut_in_the_middle() {
        let body = Bytes::from_static(b"12345678");
        let cut = of_plain(&body, Some(Fault::CutInside));
        assert_eq!(cut[1], Step::Send(Bytes::from_static(b"1234")));
        assert_eq!(of_plain(&body, None).back(), Some(&Step::Send(body)));
    }

    #[tokio::test]
    async fn a_body_is_not_played_faster_than_it_is_taken() {
        let calls = Arc::new(Calls::new(1));
        let call = calls.begin(ServedCall::begun);
        let connection = Connection::new(Arc::default());
        let mut body = play(script(None, 1), call, connection);
        let ended = || calls.after(0).0[0].ended.clone();
        for _ in 0..3 {
            assert!(body.frame().await.is_some());
            assert_eq!(ended(), None);
        }
        assert!(body.frame().await.is_some());
        assert_eq!(ended().as_deref(), Some("complete"));
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_body_that_is_dropped_half_way_lost_its_client() {
        let calls = Arc::new(Calls::new(1));
        let connection = Connection::new(Arc::default());
        let mut body = play(script(None, 1), calls.begin(ServedCall::begun), connection);
        assert!(body.frame().await.is_some());
        drop(body);
        assert_eq!(calls.after(0).0[0].ended.as_deref(), Some("client-gone"));
    }
}
