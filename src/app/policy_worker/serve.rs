//! The worker's side: reads frames, compiles, evaluates, answers.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::time::{Duration, Instant};

use super::frame::{self, HEADER, Kind};
use super::level::{self, Hello, SandboxLevel};
use super::load::{Load, Loaded};
use super::{ARGUMENT, STACK_BYTES};
use crate::app::exit::Exit;
use crate::evaluate::{Answer, Evaluator, MAX_ANSWER_BYTES, PolicySet, RuleAnswer};

/// Input read at once: a whole window of the scanner's questions, so that answers go out together.
const READ_BYTES: usize = 512 * 1024;

/// Longest time that an answer is held back to go out with others.
const HOLD: Duration = Duration::from_millis(100);

/// Runs as a worker when the arguments say so; the exit code.
pub fn serve(args: &[std::ffi::OsString]) -> Option<i32> {
    if args.get(1).is_none_or(|first| first != ARGUMENT) {
        return None;
    }
    let thread = std::thread::Builder::new().name("policy".to_owned()).stack_size(STACK_BYTES);
    let served = thread.spawn(|| run(io::stdin(), io::stdout(), &level::enter())).map(std::thread::JoinHandle::join);
    let exit = match served {
        Ok(Ok(Ok(()))) => Exit::Ok,
        Ok(Ok(Err(error))) => {
            eprintln!("{error}");
            Exit::Failed
        }
        // The panic hook has printed where.
        Ok(Err(_)) => Exit::Bug,
        Err(error) => {
            eprintln!("no thread for policies: {error}");
            Exit::Unavailable
        }
    };
    Some(i32::from(exit.code()))
}

/// Serves one scanner until it closes the pipe.
fn run(input: impl Read, output: impl Write, level: &SandboxLevel) -> io::Result<()> {
    let mut input = BufReader::with_capacity(READ_BYTES, input);
    let mut output = BufWriter::with_capacity(READ_BYTES, output);
    put(&mut output, Kind::Hello, &serde_json::to_vec(&Hello::new(level.clone()))?)?;
    output.flush()?;
    let Some((_, payload)) = next(&mut input, &[Kind::Load])? else { return Ok(()) };
    let Load { sources, data } = serde_json::from_slice(&payload)?;
    drop(payload);
    let set = match PolicySet::compile(sources, data) {
        Ok(set) => set,
        Err(problems) => {
            put(&mut output, Kind::Refused, &serde_json::to_vec(&problems)?)?;
            return output.flush();
        }
    };
    let loaded = Loaded { digest: set.digest().to_owned(), packages: set.packages().to_vec() };
    put(&mut output, Kind::Loaded, &serde_json::to_vec(&loaded)?)?;
    output.flush()?;
    answer_all(&set, &mut input, &mut output)
}

fn answer_all(set: &PolicySet, input: &mut BufReader<impl Read>, output: &mut BufWriter<impl Write>) -> io::Result<()> {
    let mut evaluator = Evaluator::fast(set).timed(crate::app::stopwatch::stopwatch);
    let mut flushed = Instant::now();
    loop {
        if !has_frame(input.buffer()) || flushed.elapsed() > HOLD {
            output.flush()?;
            flushed = Instant::now();
        }
        let Some((kind, payload)) = next(input, &[Kind::Ask, Kind::Aside])? else { return Ok(()) };
        if kind == Kind::Aside {
            let numbers = payload.chunks_exact(2).filter_map(<[u8]>::first_chunk);
            let aside = numbers.map(|number| usize::from(u16::from_le_bytes(*number))).collect();
            evaluator = Evaluator::without(set, aside).timed(crate::app::stopwatch::stopwatch);
            continue;
        }
        let Some((&[low, high], text)) = payload.split_first_chunk() else {
            return Err(io::Error::other("a question without its header"));
        };
        let only = u16::from_le_bytes([low, high]);
        let text = std::str::from_utf8(text).map_err(io::Error::other)?;
        let answer = evaluator.answer(text, (only != u16::MAX).then_some(usize::from(only)));
        let bytes = serde_json::to_vec(&answer)?;
        let bytes = if bytes.len() > MAX_ANSWER_BYTES { serde_json::to_vec(&too_large(&answer))? } else { bytes };
        put(output, Kind::Answer, &bytes)?;
    }
}

/// An answer without its values, which are too large to be an answer.
fn too_large(answer: &Answer) -> Answer {
    let error = RuleAnswer::Error(format!("what the policies say is larger than {MAX_ANSWER_BYTES} bytes"));
    Answer { rules: vec![error; answer.rules.len()], ns: answer.ns }
}

/// Whether a whole frame is there already.
fn has_frame(buffered: &[u8]) -> bool {
    matches!(frame::announced(buffered), Ok(Some((_, length))) if buffered.len() >= HEADER + length)
}

/// The next frame, which must be of one of these kinds; `None` at the end.
fn next(input: &mut impl Read, wanted: &[Kind]) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut header = [0; HEADER];
    match input.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let Some((kind, length)) = frame::announced(&header)? else { return Ok(None) };
    if !wanted.contains(&kind) {
        return Err(io::Error::other(format!("{kind:?} where {wanted:?} was due")));
    }
    let mut payload = vec![0; length];
    input.read_exact(&mut payload)?;
    Ok(Some((kind, payload)))
}

fn put(output: &mut impl Write, kind: Kind, payload: &[u8]) -> io::Result<()> {
    output.write_all(&frame::header(kind, payload.len())?)?;
    output.write_all(payload)
}
