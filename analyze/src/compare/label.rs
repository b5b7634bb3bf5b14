//! What runs are called where several stand side by side.

use std::path::Path;

use crate::load::Run;

/// A label for each run, no two of them the same: the name of its directory or file; where several have that, the path; where
/// a run was named several times, a number behind.
pub fn labels<'r>(runs: impl IntoIterator<Item = &'r Run>) -> Vec<String> {
    of_paths(&runs.into_iter().map(|run| run.summary.run.directory.as_str()).collect::<Vec<_>>())
}

fn of_paths(paths: &[&str]) -> Vec<String> {
    let name = |path: &str| {
        Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
    };
    let names: Vec<String> = paths.iter().map(|path| name(path)).collect();
    let mut labels: Vec<String> = Vec::with_capacity(paths.len());
    for (place, path) in paths.iter().enumerate() {
        let is_alone = names.iter().zip(paths).all(|(name, other)| *name != names[place] || other == path);
        let label = if is_alone { names[place].clone() } else { (*path).to_owned() };
        labels.push(match paths[..place].iter().filter(|earlier| *earlier == path).count() {
            0 => label,
            earlier => format!("{label} ({})", earlier + 1),
        });
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_as_short_as_they_can_be_told_apart() {
        let labels = |paths: &[&str]| of_paths(paths);
        assert_eq!(labels(&["runs/a", "runs/b.summary"]), ["a", "b.summary"]);
        assert_eq!(labels(&["old/load", "new/load", "spike"]), ["old/load", "new/load", "spike"]);
        assert_eq!(labels(&["runs/a", "runs/a", "b"]), ["a", "a (2)", "b"]);
        assert_eq!(labels(&[".", ".."]), [".", ".."]);
    }
}
