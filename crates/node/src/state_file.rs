//! State files: one JSON document that holds a development chain's head, read at the start and written at the end and in
//! between (`--state`, `--load-state`, `--dump-state`). What is in it is `chain::dump`'s matter.

use crate::failure::Failure;
use chain::{Chain, Dump};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The file's name in a directory, as anvil names it.
const NAME: &str = "state.json";

/// Where a chain's state is written. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StateFile {
    path: PathBuf,
    /// Whether the last state was written: nothing may come after it.
    closed: Arc<Mutex<bool>>,
}

/// The file itself, or the one in a directory.
fn file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(NAME) } else { path.to_path_buf() }
}

/// Reads a state; `None` if the file does not exist.
///
/// # Errors
/// A file that cannot be read, or that is no state.
pub fn read(path: &Path, chain_id: u64) -> Result<Option<Dump>, Failure> {
    let path = file(path);
    let shown = path.display();
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::usage(format!("cannot read state file {shown}: {error}"))),
    };
    let dump = Dump::from_json(&text, chain_id);
    dump.map(Some).map_err(|error| Failure::usage(format!("state file {shown}: {error}")))
}

impl StateFile {
    /// A file to write to. Refused at the start if its directory is not there: better than at the end.
    ///
    /// # Errors
    /// There is no such directory.
    pub fn at(path: &Path) -> Result<Self, Failure> {
        let path = file(path);
        let home = path.parent().filter(|home| !home.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !home.is_dir() {
            let (shown, home) = (path.display(), home.display());
            return Err(Failure::usage(format!(
                "cannot write state file {shown}: there is no directory {home}"
            )));
        }
        Ok(Self { path, closed: Arc::default() })
    }

    /// Writes the chain's state, whole or not at all. After the last time, nothing is written any more.
    ///
    /// # Errors
    /// The system's, or the state could not be read.
    pub fn write(&self, chain: &Chain, last: bool) -> Result<(), Failure> {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if *closed {
            return Ok(());
        }
        *closed = last;
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(format!("cannot write state file {}: {error}", self.path.display()))
        };
        let text = chain.dump().map_err(|error| failed(&error))?.to_json().map_err(|error| failed(&error))?;
        let scratch = self.path.with_extension("json.new");
        std::fs::write(&scratch, text).map_err(|error| failed(&error))?;
        std::fs::rename(&scratch, &self.path).map_err(|error| failed(&error))
    }

    /// Writes the state again and again until the process ends.
    pub async fn keep_written(self, chain: Chain, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let (file, chain) = (self.clone(), chain.clone());
            let written = tokio::task::spawn_blocking(move || file.write(&chain, false)).await;
            if let Ok(Err(failure)) = written {
                tracing::error!("{}", failure.message());
            }
        }
    }
}
