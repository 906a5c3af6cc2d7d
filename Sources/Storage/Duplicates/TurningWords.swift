/// Words that decide what a text states although they are few letters: another one in their place is another statement.
///
/// The lists are for telling near duplicates apart, so a word too many costs a duplicate that is not recognised, a word
/// too few may hide a text that says something else.
enum TurningWords {
    /// Hashes (``WordHash``) of words that may not differ: negations in seven languages, figures in words, order and
    /// frequency, and pairs of opposites in which products, contracts and manuals differ.
    static let all = hashes(
        """
        no not never none nothing nobody nowhere neither nor without cannot hardly barely except unless instead only
        nicht nichts nie niemals niemand kein keine keinen keinem keiner keines ohne weder
        ne pas jamais rien aucun aucune sans personne ni nada nadie nunca sin ningún ninguna ninguno tampoco
        non mai niente nessuno nessuna senza né niet nooit geen niets zonder noch não nem sem nenhum nenhuma
        zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen
        half quarter double twice once triple single both either
        first second third fourth fifth last next previous former latter
        hourly daily weekly monthly quarterly yearly annually annual always sometimes often rarely seldom usually
        second seconds minute minutes hour hours day days week weeks month months year years
        before after during until since more less fewer most least minimum maximum min max higher lower greater smaller
        above below over under up down left right in out inside outside on off with
        all any each every some few many several
        must may might shall should can could will would
        yes true false allowed forbidden permitted prohibited allow forbid permit prohibit deny denies denied
        enable enables enabled disable disables disabled active inactive available unavailable
        include includes included including exclude excludes excluded excluding
        accept accepts accepted reject rejects rejected refuse refuses refused
        add adds added remove removes removed insert inserts inserted delete deletes deleted
        increase increases increased decrease decreases decreased raise lower
        open opens opened close closes closed start starts started stop stops stopped begin end
        free paid public private internal external local remote optional mandatory required
        valid invalid legal illegal possible impossible supported unsupported known unknown
        same different equal unequal new old current deprecated obsolete
        buyer seller customer supplier client server sender receiver employer employee parent child
        red green blue black white yellow
        """)

    /// Hashes of words that begin sentences with a capital and are no names.
    static let common = hashes(
        """
        a an the this that these those there here it its he she they we you i his her their our your my
        and or but if then else when where while because although though so as at by for from to of into onto about
        is are was were be been being has have had do does did let lets
        what which who whom whose why how note see also please use using used click press select choose enter type
        however therefore thus hence moreover furthermore otherwise additionally similarly finally
        such other another return returns specifies sets set contains given
        der die das ein eine einer eines dem den des und oder aber wenn dann sie er es wir ihr ist sind war bei mit von
        le la les un une des et ou mais si il elle nous vous est sont el los las y o pero es son
        """)

    /// Hashes of words that hardly matter where they stand.
    static let light = hashes(
        "a an the this that these those it its they them is are was were be been of and also please")

    private static func hashes(_ list: String) -> Set<UInt64> {
        Set(list.split(whereSeparator: \.isWhitespace).map { WordHash($0).value })
    }
}
