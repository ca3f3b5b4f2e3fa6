//! The ten colours of names, as the style sheet has them, are apart for whoever sees them: with all
//! cones, or without those for long, middle or short waves.

/// What reaches somebody of red, green and blue light: G. M. Machado and others, 2009, at full severity.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];
/// From linear light to cones and on to lightness and two hues: B. Ottosson's Oklab.
const CONES: [[f64; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const LAB: [[f64; 3]; 3] = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];
/// In hundredths of the way from black to white.
const APART: f64 = 10.0;

fn times(matrix: &[[f64; 3]; 3], of: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(of).map(|(one, other)| one * other).sum())
}

/// The light of a colour: each part from 0 to 1, and proportional to its energy.
fn light(hex: &str) -> [f64; 3] {
    [0, 2, 4].map(|at| {
        let part = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

fn seen(hex: &str, eyes: &[[f64; 3]; 3]) -> [f64; 3] {
    let light = times(eyes, light(hex)).map(|part| part.clamp(0.0, 1.0));
    times(&LAB, times(&CONES, light).map(f64::cbrt))
}

fn distance(one: [f64; 3], other: [f64; 3]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt() * 100.0
}

/// The ten colours of each scheme: `--c0: #1e38a1` and so on.
fn schemes() -> Vec<Vec<String>> {
    let style = include_str!("../../assets/style.css");
    let schemes = style.split(":root").skip(1).take(2).map(|part| {
        let colour = |number: usize| {
            let (_, rest) = part.split_once(&format!("--c{number}: #")).unwrap();
            rest[..6].to_owned()
        };
        (0..10).map(colour).collect()
    });
    schemes.collect()
}

/// The two colours that are least apart, and how much.
fn nearest(colours: &[String], eyes: &[[f64; 3]; 3]) -> (f64, String) {
    let pairs = colours.iter().enumerate().flat_map(|(place, one)| {
        colours[..place].iter().map(move |other| {
            (distance(seen(one, eyes), seen(other, eyes)), format!("{one} and {other}"))
        })
    });
    pairs.min_by(|one, other| one.0.total_cmp(&other.0)).unwrap()
}

#[test]
fn the_colours_of_names_are_apart_for_every_kind_of_eyes_in_light_and_in_dark() {
    let schemes = schemes();
    assert_eq!(schemes.len(), 2);
    for (colours, (who, eyes)) in
        schemes.iter().flat_map(|one| EYES.iter().map(move |eyes| (one, eyes)))
    {
        let (apart, pair) = nearest(colours, eyes);
        assert!(apart >= APART, "{who}: {pair} are {apart:.1} apart");
    }
}
