"""Names of many scripts, as a city clinic meets them."""

FEMALE = (
    "Anna", "Zoë", "Chloé", "Łucja", "Šárka", "Åsa", "Søs", "İpek", "Nguyệt", "María José", "Siobhán", "Ngozi", "Fatoumata",
    "Ольга", "Світлана", "Ελένη", "נועה", "فاطمة", "مریم", "प्रिया", "அனிதா", "ศิริพร", "さくら", "美咲", "秀英", "지우", "ნინო", "Անի",
    "Greta", "Emma", "Mila", "Lina", "Clara", "Ida", "Marta", "Yasemin",
)  # fmt: skip
MALE = (
    "Jürgen", "François", "Łukasz", "Jiří", "Bjørn", "Æthelred", "Gökçe", "Minh Đức", "José", "Seán", "Chukwuemeka", "Ousmane",
    "Дмитрий", "Олексій", "Γιώργος", "יוסף", "محمد", "رضا", "अर्जुन", "குமார்", "สมชาย", "太郎", "翔", "伟", "민준", "გიორგი", "Արամ",
    "Paul", "Leon", "Felix", "Jonas", "Emil", "Anton", "Karl", "Mehmet",
)  # fmt: skip
LAST = (
    "Müller", "Weiß", "Groß", "Lefèvre", "D'Angelo", "O'Neill", "García Márquez", "Núñez", "Wiśniewska", "Dvořák", "Ångström",
    "Sørensen", "Yıldız", "Şahin", "Nguyễn", "van der Berg", "von Thun", "Okonkwo", "Diallo", "Ivanović", "Петрова", "Шевченко",
    "Παπαδόπουλος", "כהן", "الحسن", "رضایی", "शर्मा", "முருகன்", "แสงสว่าง", "佐藤", "田中", "王", "李", "김", "ბერიძე", "Սարգսյան",
    "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Hoffmann", "Schäfer", "Koch", "Bauer", "Richter",
    "Klein", "Wolf", "Schröder", "Neumann", "Schwarz", "Zimmermann", "Braun", "Krüger", "Hofmann", "Hartmann", "Lange", "Werner",
)  # fmt: skip
STREETS = (
    "Lindenstraße",
    "Am Markt",
    "Goethestraße",
    "Hauptstraße",
    "Parkallee",
    "Schloßweg",
    "Mühlenweg",
    "Kastanienallee",
)
ALERTS = (
    "allergy: penicillin",
    "allergy: latex",
    "anticoagulant",
    "pacemaker",
    "diabetes",
    "pregnant",
    "dental anxiety",
)
