//! Data that is written as it comes: to stdout, or into a file that appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write as _};
use std::path::{Path, PathBuf};

use super::{Replace, escape_invisible};

const BUFFER: usize = 256 * 1024;

/// One place for data.
#[derive(Debug)]
pub struct DataStream {
    to: To,
}

#[derive(Debug)]
enum To {
    /// `None` when the reader went away: it had what it wanted.
    Stdout(Option<BufWriter<Stdout>>),
    /// `/dev/null`, a pipe: written to, never replaced.
    Device(BufWriter<File>),
    File(Pending),
}

/// A file that is not in its place yet.
#[derive(Debug)]
struct Pending {
    file: BufWriter<File>,
    temporary: PathBuf,
    folder: PathBuf,
    path: PathBuf,
    replace: Replace,
}

impl DataStream {
    /// To stdout.
    pub fn stdout() -> Self {
        Self { to: To::Stdout(Some(BufWriter::with_capacity(BUFFER, io::stdout()))) }
    }

    /// Into a file, by way of a temporary one in the same folder.
    ///
    /// # Errors
    /// The file, or the temporary one, cannot be opened.
    pub fn file(path: &Path, replace: Replace) -> io::Result<Self> {
        let mut path = path.to_owned();
        if replace == Replace::Yes
            && let Ok(there) = fs::metadata(&path)
        {
            if !there.is_file() {
                let device = OpenOptions::new().write(true).open(&path)?;
                return Ok(Self { to: To::Device(BufWriter::with_capacity(BUFFER, device)) });
            }
            path = fs::canonicalize(&path)?;
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no file name"))?;
        let temporary = folder.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&temporary)?;
        let (folder, file) = (folder.to_owned(), BufWriter::with_capacity(BUFFER, file));
        Ok(Self { to: To::File(Pending { file, temporary, folder, path, replace }) })
    }

    /// Writes as it is.
    ///
    /// # Errors
    /// The place cannot be written to.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.to {
            To::Stdout(out) => unless_gone(out, |out| out.write_all(bytes)),
            To::Device(out) => out.write_all(bytes),
            To::File(pending) => pending.file.write_all(bytes),
        }
    }

    /// Writes one line of JSON; what a terminal would act on is escaped.
    ///
    /// # Errors
    /// The place cannot be written to.
    pub fn json_line(&mut self, line: &[u8]) -> io::Result<()> {
        // Everything that is escaped is at 0x7f or beyond. To the end in any case: without a way out of the middle, many
        // bytes are looked at together.
        if line.iter().fold(0, |greatest, byte| *byte.max(&greatest)) < 0x7f {
            self.write(line)?;
        } else {
            self.write(escape_invisible(String::from_utf8_lossy(line).into_owned()).as_bytes())?;
        }
        self.write(b"\n")
    }

    /// Puts everything in its place.
    ///
    /// # Errors
    /// The place cannot be written to; a file is then as it was.
    pub fn finish(mut self) -> io::Result<()> {
        match &mut self.to {
            To::Stdout(out) => unless_gone(out, io::Write::flush),
            To::Device(out) => out.flush(),
            To::File(pending) => pending.publish(),
        }
    }
}

impl Pending {
    fn publish(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        match self.replace {
            Replace::Yes => fs::rename(&self.temporary, &self.path)?,
            // A link fails when the name exists: there is no moment between the check and the write.
            Replace::No => fs::hard_link(&self.temporary, &self.path)?,
        }
        File::open(&self.folder)?.sync_all()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // Gone already when it is in its place; otherwise a file left behind has our pid in its name.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn unless_gone(
    out: &mut Option<BufWriter<Stdout>>,
    write: impl FnOnce(&mut BufWriter<Stdout>) -> io::Result<()>,
) -> io::Result<()> {
    match out.as_mut().map(write) {
        Some(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // Dropped in parts: what it still holds would be written once more.
            let _ = out.take().map(BufWriter::into_parts);
            Ok(())
        }
        Some(result) => result,
        None => Ok(()),
    }
}
