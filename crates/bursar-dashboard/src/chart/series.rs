//! What a chart shows, before it is drawn: series of figures by point, the smaller ones as one, and the
//! colour of each name.

use super::Unit;

/// What the series beyond the largest are called together.
pub(super) const REST: &str = "all others";
/// A point whose whole is less than this part of the usual tells nothing of a rate.
const THIN: i128 = 10;
/// The colours there are: `c0` to `c9` in the style sheet.
const COLOURS: u64 = 10;
/// Names of one colour in one chart are told apart by so many tints of it.
const TINTS: usize = 2;

/// One series: its name, and its figure at each point.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) figures: Vec<i128>,
}

/// A series of parts of wholes: failed calls of all calls.
#[derive(Debug, Clone)]
pub(crate) struct Ratio {
    pub(crate) name: String,
    pub(crate) parts: Vec<i128>,
    pub(crate) wholes: Vec<i128>,
}

/// A series as it is drawn.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    pub(super) name: String,
    /// The class of its colour, and of its tint where another has that colour, too.
    pub(super) class: String,
    /// Nothing where there is nothing to tell.
    pub(super) figures: Vec<Option<i128>>,
    /// Which of them say too little to be drawn.
    pub(super) thin: Vec<bool>,
    /// What all of it comes to.
    pub(super) sum: i128,
}

/// What refused requests are called.
pub(crate) const REFUSED: &str = "refused";
/// Outcomes have colours of their own, which no two share.
const OUTCOMES: [&str; 7] =
    ["succeeded", "rejected", "throttled", "failed", "cut", "abandoned", REFUSED];

/// The class of a name's colour: the same on every page and in every process.
pub(crate) fn colour(name: &str) -> String {
    if OUTCOMES.contains(&name) {
        return format!("o-{name}");
    }
    if name == REST {
        return "cx".to_owned();
    }
    // FNV-1a, 64 bits, and a last stir: names that differ in one letter differ in all bits.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let stirred = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    format!("c{}", (stirred ^ (stirred >> 33)) % COLOURS)
}

/// Sums, the largest first, and the smaller ones as one.
pub(super) fn sums(series: Vec<Series>, most: usize) -> Vec<Plot> {
    let ratios = series.into_iter().map(|Series { name, figures }| {
        let wholes = vec![0; figures.len()];
        Ratio { name, parts: figures, wholes }
    });
    let plot = |one: Ratio| Plot {
        class: String::new(),
        sum: one.parts.iter().sum(),
        thin: vec![false; one.parts.len()],
        figures: one.parts.into_iter().map(Some).collect(),
        name: one.name,
    };
    classed(few(ratios.collect(), most).into_iter().map(plot).collect())
}

/// Rates in tenths of a percent, those with the largest parts first, and the others as one.
pub(super) fn rates(ratios: Vec<Ratio>, most: usize) -> Vec<Plot> {
    let some = ratios.into_iter().filter(|one| one.parts.iter().any(|part| *part > 0));
    let plot = |Ratio { name, parts, wholes }: Ratio| {
        let points = wholes.iter().filter(|whole| **whole > 0).count();
        let (part, whole) = (parts.iter().sum::<i128>(), wholes.iter().sum::<i128>());
        let usual = whole / i128::try_from(points.max(1)).unwrap_or(1);
        Plot {
            class: String::new(),
            sum: tenths(part, whole).unwrap_or_default(),
            thin: wholes.iter().map(|whole| whole * THIN < usual).collect(),
            figures: parts.iter().zip(&wholes).map(|(part, whole)| tenths(*part, *whole)).collect(),
            name,
        }
    };
    classed(few(some.collect(), most).into_iter().map(plot).collect())
}

fn tenths(part: i128, whole: i128) -> Option<i128> {
    (whole > 0).then(|| part * 1_000 / whole)
}

/// The series with the largest parts, and the rest as one.
fn few(mut series: Vec<Ratio>, most: usize) -> Vec<Ratio> {
    let sum = |one: &Ratio| one.parts.iter().sum::<i128>();
    series.sort_by(|one, other| (sum(other), &one.name).cmp(&(sum(one), &other.name)));
    if series.len() <= most {
        return series;
    }
    let rest = series.split_off(most - 1);
    let points = rest.iter().map(|one| one.parts.len()).max().unwrap_or_default();
    let all = |of: fn(&Ratio) -> &Vec<i128>| -> Vec<i128> {
        let at = |place: usize| rest.iter().filter_map(|one| of(one).get(place)).sum();
        (0..points).map(at).collect()
    };
    let (parts, wholes) = (all(|one| &one.parts), all(|one| &one.wholes));
    series.push(Ratio { name: REST.to_owned(), parts, wholes });
    series
}

/// Gives each its colour. Of names with one colour, the first by name has it plain, the next a tint.
fn classed(mut plots: Vec<Plot>) -> Vec<Plot> {
    let names: Vec<String> = plots.iter().map(|plot| plot.name.clone()).collect();
    for plot in &mut plots {
        let own = colour(&plot.name);
        let before = names.iter().filter(|name| **name < plot.name && colour(name) == own).count();
        plot.class = match before.min(TINTS) {
            0 => own,
            tint => format!("{own} t{tint}"),
        };
    }
    plots
}

impl Plot {
    /// Its figure at a point in words, where it has one.
    pub(super) fn text(&self, place: usize, unit: Unit) -> Option<String> {
        self.figures.get(place).copied().flatten().map(|figure| unit.text(figure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(name: &str, parts: &[i128], wholes: &[i128]) -> Ratio {
        Ratio { name: name.to_owned(), parts: parts.to_vec(), wholes: wholes.to_vec() }
    }

    #[test]
    fn rates_of_many_are_one_rate_and_never_a_sum_of_rates() {
        let many = (0..40).map(|number| ratio(&format!("m{number:02}"), &[5, 0], &[10, 0]));
        let plots = rates(many.collect(), 3);
        assert_eq!(plots.len(), 3);
        assert_eq!((plots[2].name.as_str(), plots[2].sum), (REST, 500));
        assert_eq!(plots[2].figures, [Some(500), None], "no call is no rate");
        assert!(rates(vec![ratio("none", &[0], &[10])], 3).is_empty());
    }

    #[test]
    fn a_point_of_few_calls_is_known_and_not_drawn() {
        let plots = rates(vec![ratio("a", &[1, 1, 1], &[100, 100, 1])], 3);
        assert_eq!(plots[0].figures[2], Some(1_000));
        assert_eq!(plots[0].thin, [false, false, true]);
        let quiet = rates(vec![ratio("a", &[1], &[1])], 3);
        assert_eq!(quiet[0].thin, [false], "it is the usual there");
    }

    #[test]
    fn a_name_has_one_colour_wherever_it_is_shown() {
        assert_eq!(colour("amazon.nova-lite-v1:0"), colour("amazon.nova-lite-v1:0"));
        let names = (0..200).map(|number| colour(&format!("vendor.model-{number}")));
        let used: std::collections::BTreeSet<String> = names.collect();
        assert_eq!(used.len(), 10, "{used:?}");
    }

    #[test]
    fn names_of_one_colour_are_told_apart_where_they_stand_together() {
        let series = |number: i128| Series { name: format!("m{number}"), figures: vec![number] };
        let plots = sums((0..11).map(series).collect(), 11);
        let classes: Vec<&str> = plots.iter().map(|plot| plot.class.as_str()).collect();
        assert!(classes.iter().any(|class| class.ends_with(" t1")), "{classes:?}");
        for plot in &plots {
            assert_eq!(plot.class.split(' ').next(), Some(colour(&plot.name).as_str()));
            let same = classes.iter().filter(|class| **class == plot.class).count();
            assert!(same == 1 || plot.class.ends_with("t2"), "{classes:?}");
        }
    }
}
