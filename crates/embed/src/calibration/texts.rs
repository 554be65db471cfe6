//! The texts for calibrating a model: two dozen unrelated subjects of the life sciences. Written for this purpose; CC0.

/// One subject: a question, the paragraph that answers it, and the answer in other words.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) question: &'static str,
    /// The title and the heading of the paragraph.
    pub(super) heading: &'static str,
    /// The sentences of the paragraph; the first one answers.
    pub(super) sentences: &'static [&'static str],
    /// The first sentence in other words.
    pub(super) restated: &'static str,
}

pub(super) const SUBJECTS: &[Subject] = &[
    Subject {
        question: "does fish oil lower triglycerides?",
        heading: "Marine omega-3 fatty acids and blood lipids: a review. Effects on plasma triglycerides",
        sentences: &[
            "Doses of 3 to 4 g of EPA and DHA a day lowered fasting triglycerides by 20 to 30 % within eight weeks.",
            "The effect grew with the concentration at baseline and was smallest in healthy volunteers.",
            "LDL cholesterol rose slightly when DHA was given, but not with EPA alone.",
        ],
        restated: "Within two months, a few grams of omega-3 fatty acids daily reduced blood triglycerides by about a quarter.",
    },
    Subject {
        question: "how do root nodules protect nitrogenase from oxygen?",
        heading: "Symbiotic nitrogen fixation in legumes. The oxygen paradox",
        sentences: &[
            "Leghaemoglobin binds oxygen within infected root cells and keeps its free concentration low enough for nitrogenase to work.",
            "A diffusion barrier in the inner cortex of the nodule limits the entry of gas.",
            "Plants in which leghaemoglobin was silenced fixed no nitrogen and grew poorly without fertiliser.",
        ],
        restated: "In the nodule, an oxygen-binding plant globin buffers free oxygen so that the nitrogen-fixing enzyme is not inactivated.",
    },
    Subject {
        question: "risk factors for retinopathy of prematurity",
        heading: "Retinopathy in preterm infants: causes and prevention. Risk factors",
        sentences: &[
            "Low gestational age, low birth weight and poorly controlled oxygen therapy are the main risk factors for retinopathy of prematurity.",
            "Slow weight gain in the first weeks and low serum IGF-1 predict disease that needs treatment.",
            "Screening begins four to six weeks after birth.",
        ],
        restated: "Babies born very early and very small, and given too much oxygen, are most likely to develop this eye disease.",
    },
    Subject {
        question: "can probiotics prevent antibiotic-associated diarrhoea in children?",
        heading: "Probiotics in paediatric care. Diarrhoea during antibiotic treatment",
        sentences: &[
            "In 33 trials with 6352 children, probiotics given together with antibiotics reduced the incidence of diarrhoea from 19 to 8 %.",
            "Lactobacillus rhamnosus and Saccharomyces boulardii at high doses were the most effective.",
            "Adverse events were rare, but immunocompromised children were excluded from most of the trials.",
        ],
        restated: "Children who took beneficial bacteria along with their antibiotics had diarrhoea less than half as often.",
    },
    Subject {
        question: "what is the role of tau in Alzheimer's disease?",
        heading: "Protein aggregation in neurodegeneration. Tau pathology",
        sentences: &[
            "Hyperphosphorylated tau detaches from microtubules and aggregates into neurofibrillary tangles, whose spread follows cognitive decline more closely than that of amyloid plaques.",
            "Aggregates pass from neuron to neuron along anatomical connections.",
            "Several antibodies against extracellular tau have failed in phase 2 trials.",
        ],
        restated: "Tangles made of abnormally phosphorylated tau correlate with loss of cognition better than plaques of amyloid do.",
    },
    Subject {
        question: "checkpoint inhibitors melanoma survival",
        heading: "Immunotherapy of metastatic melanoma. Combined blockade of PD-1 and CTLA-4",
        sentences: &[
            "Half of the patients with advanced melanoma who received nivolumab and ipilimumab were alive after six and a half years.",
            "With ipilimumab alone it was fewer than a quarter.",
            "Grade 3 or 4 adverse events occurred in 59 % of those treated with both antibodies.",
        ],
        restated: "With two immune checkpoint antibodies, about 50 % of people with metastatic melanoma lived for more than six years.",
    },
    Subject {
        question: "do honeybees suffer from neonicotinoids?",
        heading: "Insecticides and pollinators: field evidence. Effects on bee colonies",
        sentences: &[
            "Honeybees exposed to field doses of clothianidin foraged less and returned to the hive less often.",
            "Bumblebee colonies grew more slowly and produced 85 % fewer queens.",
            "Residues in wild flowers at field margins were as high as in the crop itself.",
        ],
        restated: "At realistic concentrations, this neonicotinoid impaired foraging and homing of worker bees.",
    },
    Subject {
        question: "effect of exercise on depressive symptoms",
        heading: "Physical activity and mental health. Exercise as a treatment of depression",
        sentences: &[
            "Supervised aerobic exercise three times a week reduced depressive symptoms as much as sertraline after four months.",
            "Relapse within the following half year was less frequent in those who went on exercising.",
            "Resistance training has been studied in fewer trials, with similar results.",
        ],
        restated: "Regular guided endurance training relieved depression about as well as an antidepressant drug.",
    },
    Subject {
        question: "how does vancomycin resistance arise in enterococci?",
        heading: "Mechanisms of glycopeptide resistance. The van gene clusters",
        sentences: &[
            "The vanA cluster replaces the terminal D-alanine of peptidoglycan precursors by D-lactate, to which vancomycin binds a thousand times less strongly.",
            "It is carried by transposon Tn1546, often on conjugative plasmids.",
            "Transfer to Staphylococcus aureus has been observed in a few patients.",
        ],
        restated: "Resistant bacteria build their cell wall from precursors ending in lactate instead of alanine, so the antibiotic no longer binds.",
    },
    Subject {
        question: "is sublingual immunotherapy safe for peanut allergy?",
        heading: "Desensitisation in food allergy. Sublingual immunotherapy with peanut",
        sentences: &[
            "Sublingual immunotherapy caused mostly itching of the mouth, and fewer than 1 % of the doses needed treatment with adrenaline or antihistamines.",
            "After three years two thirds of the children tolerated 750 mg of peanut protein.",
            "Oral immunotherapy desensitised more children but caused more anaphylaxis.",
        ],
        restated: "Peanut drops under the tongue rarely led to more than local itching.",
    },
    Subject {
        question: "osteoporosis zoledronic acid fracture reduction",
        heading: "Bisphosphonates in postmenopausal women. Yearly infusions",
        sentences: &[
            "A yearly infusion of zoledronic acid reduced vertebral fractures by 70 % and hip fractures by 41 % over three years.",
            "Fever and muscle pain followed the first infusion in a third of the women.",
            "Atypical femoral fractures were rare and their number grew with the duration of treatment.",
        ],
        restated: "Given once a year, this bisphosphonate prevented about two in three spinal and two in five hip fractures.",
    },
    Subject {
        question: "How is salinity tolerance regulated in rice?",
        heading: "Breeding cereals for saline soils. Sodium exclusion in rice",
        sentences: &[
            "The sodium transporter OsHKT1;5, encoded at the Saltol locus, withdraws sodium from the xylem and so keeps it out of the shoot.",
            "Lines with the allele of Nona Bokra have half the sodium in their leaves under 100 mM NaCl.",
            "Osmotic adjustment and tissue tolerance contribute independently of it.",
        ],
        restated: "A membrane transporter that unloads sodium from the xylem sap protects rice leaves from salt.",
    },
    Subject {
        question: "why do statins cause muscle pain?",
        heading: "Adverse effects of lipid-lowering drugs. Statin myopathy",
        sentences: &[
            "Statins impair mitochondrial respiration in skeletal muscle and raise intracellular calcium, which may explain pain and weakness.",
            "A variant of SLCO1B1 that slows hepatic uptake multiplies the risk of myopathy with simvastatin.",
            "In blinded trials most muscle symptoms were as frequent with placebo.",
        ],
        restated: "Muscle complaints under these cholesterol drugs may come from disturbed mitochondria and calcium leakage in the fibres.",
    },
    Subject {
        question: "is periodontitis associated with diabetes?",
        heading: "Oral health and systemic disease. Diabetes and the periodontium",
        sentences: &[
            "People with poorly controlled diabetes have a threefold risk of periodontitis, and periodontitis in turn worsens glycaemic control.",
            "Scaling and root planing lowered HbA1c by 0.4 percentage points after three months.",
            "Advanced glycation end products amplify the inflammation of the gingiva.",
        ],
        restated: "Gum disease and high blood sugar promote each other.",
    },
    Subject {
        question: "what limits xenotransplantation of pig kidneys",
        heading: "Animal organs for human recipients. Immunological barriers",
        sentences: &[
            "Preformed human antibodies against alpha-gal and other glycans destroy pig kidneys within minutes unless the donor's genes for these antigens are deleted.",
            "Incompatibility of coagulation regulators leads to thrombotic microangiopathy later on.",
            "Porcine cytomegalovirus shortened the survival of a transplanted heart.",
        ],
        restated: "Hyperacute rejection by natural antibodies to sugar antigens is the first obstacle to porcine organs and is overcome by gene knockouts.",
    },
    Subject {
        question: "how accurate is low-dose CT for lung cancer screening?",
        heading: "Early detection of lung tumours. Screening with computed tomography",
        sentences: &[
            "Low-dose CT detected 94 % of lung cancers, but 96 % of its positive results were false alarms in the first rounds.",
            "Mortality from lung cancer fell by a fifth among heavy smokers who were screened every year.",
            "Volumetric assessment of nodules lowers the number of unnecessary referrals.",
        ],
        restated: "Screening scans find nearly all tumours of the lung, though the great majority of suspicious findings are benign.",
    },
    Subject {
        question: "does magnesium shorten labour in pre-eclampsia?",
        heading: "Hypertensive disorders of pregnancy. Magnesium sulfate",
        sentences: &[
            "Magnesium sulfate halved the risk of eclampsia but did not change the duration of labour.",
            "Loss of the patellar reflex warns of toxicity before breathing is depressed.",
            "Women with renal failure need lower doses.",
        ],
        restated: "The mineral infusion prevented seizures in half the cases without any effect on how long delivery took.",
    },
    Subject {
        question: "coral bleaching heat stress mechanism",
        heading: "Reef ecosystems in a warming ocean. Breakdown of the symbiosis",
        sentences: &[
            "Under heat, photosystem II of the symbiotic algae is damaged and leaks reactive oxygen, whereupon the coral expels its algae.",
            "Corals that host Durusdinium withstand one to two degrees more.",
            "Repeated bleaching leaves too little time for recruitment.",
        ],
        restated: "Hot water makes the algae produce oxidants, and the polyps get rid of them and turn white.",
    },
    Subject {
        question: "can CRISPR cure sickle cell disease?",
        heading: "Gene therapy of haemoglobinopathies. Editing the BCL11A enhancer",
        sentences: &[
            "After editing of the erythroid enhancer of BCL11A in autologous stem cells, 29 of 30 patients had no vaso-occlusive crisis for at least a year.",
            "Fetal haemoglobin rose to more than 40 % of the total.",
            "Myeloablation with busulfan remains the main burden of the treatment.",
        ],
        restated: "Nearly all treated people with sickle cells stayed free of pain crises once their blood stem cells had been edited to make fetal haemoglobin.",
    },
    Subject {
        question: "sleep apnoea CPAP blood pressure",
        heading: "Obstructive sleep apnoea and the heart. Continuous positive airway pressure",
        sentences: &[
            "Continuous positive airway pressure lowered 24-hour blood pressure by 2 to 3 mmHg, more in resistant hypertension.",
            "Fewer than four hours of use a night had no effect.",
            "Cardiovascular events were not reduced in the SAVE trial.",
        ],
        restated: "Nightly mask ventilation reduces arterial pressure only slightly.",
    },
    Subject {
        question: "do malaria vaccines protect infants?",
        heading: "Vaccines against Plasmodium falciparum. Efficacy in early childhood",
        sentences: &[
            "Three doses of RTS,S reduced clinical malaria by 31 % in infants and by 56 % in children of 5 to 17 months during one year.",
            "Protection waned within three years and was restored in part by a fourth dose.",
            "R21 in Matrix-M adjuvant reached 75 % where transmission is seasonal.",
        ],
        restated: "In the youngest babies the vaccine prevented about a third of malaria episodes, in older ones more than half.",
    },
    Subject {
        question: "what causes browning of fresh-cut apples?",
        heading: "Postharvest physiology of fruit. Enzymatic browning",
        sentences: &[
            "Polyphenol oxidase oxidises chlorogenic acid to quinones as soon as cutting breaks the compartments of the cell.",
            "Ascorbic acid and calcium ascorbate delay the change of colour for two weeks at 4 °C.",
            "Silencing of four PPO genes gave varieties that do not brown.",
        ],
        restated: "When the flesh is sliced, an oxidase meets its phenolic substrates and turns them into brown pigments.",
    },
    Subject {
        question: "biomarkers for early sepsis in emergency patients",
        heading: "Recognition of sepsis. Laboratory markers",
        sentences: &[
            "Procalcitonin above 0.5 ng/ml distinguished bacterial sepsis from other causes of fever with a sensitivity of 77 % and a specificity of 79 %.",
            "A change in monocyte volume is reported by routine blood counters without further cost.",
            "Lactate does not identify infection but predicts death.",
        ],
        restated: "A raised level of this prohormone tells bacterial blood poisoning from non-infectious fever in roughly four of five cases.",
    },
    Subject {
        question: "how do zebrafish regenerate their heart muscle?",
        heading: "Organ regeneration in vertebrates. Cardiomyocyte renewal in zebrafish",
        sentences: &[
            "Existing cardiomyocytes dedifferentiate, re-enter the cell cycle and replace up to a fifth of the ventricle within two months.",
            "The epicardium provides retinoic acid and Fgf signals to the wound.",
            "Adult mammalian cardiomyocytes are mostly polyploid and rarely divide.",
        ],
        restated: "In this fish, differentiated heart cells return to a proliferating state and rebuild the lost tissue.",
    },
];
