"""Word lists of `personal_text`, which treats variants with nukta or candrabindu as one word."""

from __future__ import annotations

ENGLISH = """
zero nought two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty thirty forty fourty fifty sixty seventy eighty ninety hundred hundreds thousand thousands
million millions billion billions trillion dozen dozens half quarter third fourth fifth sixth seventh eighth ninth
tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
thirtieth fortieth fiftieth hundredth
"""

HINDI = """
शून्य ज़ीरो एक दो तीन चार पाँच पाच छह छः छ छे छै सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह पन्द्रह सोलह सत्रह अठारह
अट्ठारह उन्नीस बीस इक्कीस बाईस बाइस तेईस तेइस चौबीस पच्चीस छब्बीस सत्ताईस सत्ताइस अट्ठाईस अट्ठाइस अठाईस उनतीस उन्तीस
तीस इकतीस इकत्तीस बत्तीस तैंतीस तेंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस उन्तालीस चालीस इकतालीस बयालीस
तैंतालीस चौवालीस चवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास उनंचास पचास इक्यावन बावन तिरपन तिरेपन चौवन पचपन
छप्पन सत्तावन अट्ठावन अठावन उनसठ साठ इकसठ बासठ तिरसठ तिरेसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर सत्तर इकहत्तर
बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उन्यासी उनासी अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी
सत्तासी अट्ठासी अठासी नवासी नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे पंचानवे छियानवे सत्तानवे अट्ठानवे अठानवे
निन्यानवे सौ सैकड़ा हजार हजारों लाख लाखों करोड़ करोड़ों अरब खरब दर्जन डेढ ढाई सवा साढे पौने पौन आधा आधे आधी पाव
तीसरा तीसरे तीसरी चौथा चौथे चौथी पांचवां पांचवें पांचवीं छठा छठे छठी सातवां सातवें सातवीं आठवां आठवें आठवीं नौवां
नौवें दसवां दसवें दसवीं वन टू थ्री फोर फाइव सिक्स सेवन एट नाइन टेन हंड्रेड थाउजेंड
"""

HINGLISH = """
ek shunya saat das teen tin chaar char paanch panch chhah chhe cheh aath nau das dus gyarah gyara barah baarah terah
chaudah pandrah pandra solah satrah atharah athara unnis bees ikkis bais baais teis chaubis pachis pachchis chhabbis
sattais atthais untis tees ikattis battis taintis chauntis paintis chhattis saintis adtis chalis chaalis untalis
iktalis bayalis tentalis paintalis unchas pachas pachaas pachpan chhappan sattavan atthavan sattar assi pachasi
nabbe ninyanve sau sou hazaar hazar hajar hajaar lakh lakhs lac lacs crore crores karod karor arab darjan dedh dhai
dhaai sava sawa saade saadhe sadhe paune aadha aadhe aadhi teesra teesri chautha chauthi
"""

CALENDAR = """
january february march april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday oclock noon midnight
जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर सितम्बर अक्टूबर अक्तूबर नवंबर नवम्बर दिसंबर दिसम्बर
सोमवार मंगलवार बुधवार गुरुवार बृहस्पतिवार शुक्रवार शनिवार रविवार इतवार बजे तारीख
somvar mangalvar budhvar guruvar shukravar shanivar ravivar itvaar baje tareekh tarikh
"""

# The ICAO spelling alphabet.
SPELLING = """
alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar papa quebec
romeo sierra tango uniform victor whiskey xray yankee zulu
"""

# Names of the Latin letters in Devanagari.
HINDI_LETTERS = """
ए बी सी डी ई एफ जी एच आई जे के एल एम एन ओ पी क्यू आर एस टी यू वी डब्ल्यू एक्स वाई जेड जैड
"""

# A word of `AMBIGUOUS` is a number if one of these follows.
UNITS = """
rupaye rupay rupaiye rupees rupee rupaya baje din dino ghante ghanta mahine hafte saal sau hazaar hazar lakh crore
percent number rupaiya hundred dollar dollars euro paise
"""

# Numbers in Hinglish that are also other words in English or Hindi (saath: "with").
AMBIGUOUS = "do so saath sath sat che"

# Words before "ji" that are not names.
BEFORE_RESPECT = """
हाँ नहीं है हैं नमस्ते धन्यवाद शुक्रिया अच्छा बिल्कुल ज़रूर ओके सर मैडम डॉक्टर
haan han nahi nahin hai hain namaste dhanyavaad shukriya accha bilkul zaroor ok okay you sir madam
"""
