//! Ratios of sums, resampled; the twin of `bootstrap.py`.
//!
//! Random numbers are a function of (seed, resample, place), so that they are the same in any order, on any number
//! of threads and in Python. Of a resample only whole counts are kept, which no order of adding can change.

use rayon::prelude::*;

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Places of a resample that are drawn together, so that they stay in the fastest cache.
const BLOCK: usize = 1024;

/// Up to so many kinds, comparing each number with every limit is faster than searching for its place.
const FEW: usize = 12;

/// What one unit adds to both sums, and how many units are like it.
pub struct Kind {
    /// Added to the sum above the line.
    pub top: f64,
    /// Added to the sum below it.
    pub bottom: f64,
    /// So many are alike.
    pub units: u32,
}

/// Σ top ÷ Σ bottom of each of `resamples` draws of as many units as there are, with replacement.
pub fn ratios(kinds: &[Kind], resamples: u32, seed: u64) -> Vec<f64> {
    let limits = limits(kinds);
    let units = kinds.iter().map(|kind| kind.units as usize).sum();
    let one = |number| {
        let counts = counts(&limits, units, mix(seed ^ mix(number)));
        let sum = |part: fn(&Kind) -> f64| {
            let terms = kinds
                .iter()
                .zip(&counts)
                .map(|(kind, count)| part(kind) * *count as f64);
            terms.fold(0.0, |sum, term| sum + term)
        };
        sum(|kind| kind.top) / sum(|kind| kind.bottom)
    };
    (0..u64::from(resamples)).into_par_iter().map(one).collect()
}

/// The 32-bit numbers below which a draw is of the first kind, of the first two, and so on but for the last.
fn limits(kinds: &[Kind]) -> Vec<u32> {
    let total: u64 = kinds.iter().map(|kind| u64::from(kind.units)).sum();
    let mut reached = 0;
    let known = kinds.len().saturating_sub(1);
    kinds[..known]
        .iter()
        .map(|kind| {
            reached += u64::from(kind.units);
            ((reached << 32) / total) as u32
        })
        .collect()
}

/// The finaliser of SplitMix64: 64 bits in, 64 bits out that look random.
#[inline(always)]
fn mix(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// How many of `units` draws are of each kind. A 64-bit number gives two draws, the lower half first.
fn counts(limits: &[u32], units: usize, key: u64) -> Vec<u64> {
    let mut below = vec![0u64; limits.len()];
    let mut block = [0u32; BLOCK];
    for start in (0..units).step_by(BLOCK) {
        for (place, pair) in block.chunks_exact_mut(2).enumerate() {
            let ordinal = (start / 2 + place) as u64;
            let number = mix(key.wrapping_add(ordinal.wrapping_mul(GOLDEN)));
            pair[0] = number as u32;
            pair[1] = (number >> 32) as u32;
        }
        count(&block[..BLOCK.min(units - start)], limits, &mut below);
    }
    let ends = below.iter().copied().chain([units as u64]);
    let starts = [0].into_iter().chain(below.iter().copied());
    ends.zip(starts).map(|(end, start)| end - start).collect()
}

/// Add to `below[k]` how many of `drawn` are below `limits[k]`.
fn count(drawn: &[u32], limits: &[u32], below: &mut [u64]) {
    if limits.len() <= FEW {
        for (limit, below) in limits.iter().zip(below) {
            *below += u64::from(
                drawn
                    .iter()
                    .map(|number| u32::from(number < limit))
                    .sum::<u32>(),
            );
        }
        return;
    }
    let mut first = vec![0u32; limits.len() + 1];
    for number in drawn {
        first[limits.partition_point(|limit| limit <= number)] += 1;
    }
    let mut reached = 0;
    for (first, below) in first.iter().zip(below) {
        reached += u64::from(*first);
        *below += reached;
    }
}

#[cfg(test)]
mod tests {
    use super::{counts, limits, mix, ratios, Kind};

    fn kinds(units: &[u32]) -> Vec<Kind> {
        let kind = |(place, units): (usize, &u32)| Kind {
            top: place as f64,
            bottom: 1.0,
            units: *units,
        };
        units.iter().enumerate().map(kind).collect()
    }

    #[test]
    fn the_mixer_is_the_published_one() {
        // The first outputs of SplitMix64 with the seed 0.
        assert_eq!(mix(super::GOLDEN), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(super::GOLDEN.wrapping_mul(2)), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn every_draw_is_counted_once() {
        for units in [1, 2, 1023, 1024, 1025, 5000] {
            let found = counts(&limits(&kinds(&[units, 2 * units, 7])), units as usize, 3);
            assert_eq!(found.iter().sum::<u64>(), u64::from(units));
        }
    }

    #[test]
    fn few_and_many_kinds_are_counted_alike() {
        let many = limits(&kinds(&[3; 40]));
        let found = counts(&many, 10_000, 9);
        let few = counts(&many[9..10], 10_000, 9);
        assert_eq!(found[..10].iter().sum::<u64>(), few[0]);
        assert!(
            found.iter().all(|count| (150..350).contains(count)),
            "{found:?}"
        );
    }

    #[test]
    fn ratios_lie_around_the_rate_and_depend_on_the_seed() {
        let found = ratios(&kinds(&[200, 800]), 500, 1);
        let mean = found.iter().sum::<f64>() / 500.0;
        assert!((mean - 0.8).abs() < 0.003, "{mean}");
        assert_eq!(found, ratios(&kinds(&[200, 800]), 500, 1));
        assert_ne!(found, ratios(&kinds(&[200, 800]), 500, 2));
    }
}
